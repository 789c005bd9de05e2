import type { Server } from 'node:http';

export interface RunningServer {
  /** Port it listens on. */
  port: number;
  /** Breaks off the connections that are open. */
  close(): Promise<void>;
}

/** Listens on `HOST:PORT`, `[HOST]:PORT` or `:PORT` (all addresses); port 0 is any free one. Rejects when it cannot. */
export async function listenAt(address: string, server: Server): Promise<RunningServer> {
  const cut = address.lastIndexOf(':');
  const host = address.slice(0, cut).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(cut + 1));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(address, error)));
    server.listen({ port, ...(host === '' ? {} : { host }) }, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function refusal(address: string, error: NodeJS.ErrnoException): Error {
  const why = error.code === 'EADDRINUSE' ? `another program has the port (${error.code})` : error.message;
  return new Error(`cannot listen on ${address}: ${why}`, { cause: error });
}
