import { connect, createServer, type Server, type Socket } from 'node:net';

/** One port of a Service on this machine. */
export interface Balancer {
  readonly port: number;
  /** From now on new connections go to these ports of 127.0.0.1 in turn; those that are open stay where they are. */
  use(targets: readonly number[]): void;
  close(): Promise<void>;
}

const host = '127.0.0.1';

/** Listens on `port` (0: any) and passes each connection on to one of the targets; without any it is reset. */
export async function createBalancer(port: number): Promise<Balancer> {
  const open = new Set<Socket>();
  let targets: readonly number[] = [];
  let turn = 0;

  function accept(client: Socket): void {
    open.add(client);
    client.once('close', () => open.delete(client));
    const target = targets[turn % targets.length];
    turn += 1;
    if (target === undefined) {
      client.once('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    join(client, connect({ host, port: target, noDelay: true }));
  }

  const server = createServer({ noDelay: true }, accept);
  await listen(server, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    use(next) {
      targets = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** Passes bytes both ways until either end is gone. */
function join(client: Socket, pod: Socket): void {
  client.pipe(pod);
  pod.pipe(client);
  for (const [one, other] of [
    [client, pod],
    [pod, client],
  ] as const) {
    one.once('error', () => other.destroy());
    one.once('close', () => other.destroySoon());
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}
