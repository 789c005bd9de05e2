import { type ChildProcess, spawn } from 'node:child_process';

/** Sees to it that no process outlives this one, however this one ends. */
export interface Guardian {
  /** From now on the process and its group are killed when this process is gone. It must lead its group. */
  watch(pid: number): void;
  /** The process has ended: its id may belong to somebody else soon. */
  forget(pid: number): void;
  /** Ends the guardian; what it still watches is killed. */
  close(): Promise<void>;
}

/**
 * Runs in a process of its own, in its own session, deaf to signals that a terminal sends. Its standard input ends with
 * the process that holds the other end, by SIGKILL too; then it kills what is left. So the programs that run as pods
 * need not know of it, and one that hangs ends as well.
 */
const program = `
const pids = new Set();
let rest = '';
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => {});
process.stdin.on('data', (data) => {
  const lines = (rest + data).split('\\n');
  rest = lines.pop();
  for (const line of lines) pids[line[0] === '+' ? 'add' : 'delete'](Number(line.slice(1)));
});
process.stdin.on('close', () => {
  for (const pid of pids) try { process.kill(-pid, 'SIGKILL'); } catch {}
  process.exit(0);
});
`;

/** Rejects when this machine does not let it start: nothing must run without one. */
export async function createGuardian(): Promise<Guardian> {
  const pids = new Set<number>();
  let closing = false;
  let child = start();
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`no process can be started: ${error.message}`, { cause: error })));
  });

  function start(): ChildProcess {
    const next = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    next.stdin?.on('error', () => undefined);
    next.on('error', () => undefined);
    // Somebody killed it: what runs must not be without one.
    next.once('exit', () => {
      if (closing) return;
      child = start();
      for (const pid of pids) say(`+${pid}`);
    });
    return next;
  }

  function say(line: string): void {
    child.stdin?.write(`${line}\n`);
  }

  return {
    watch(pid) {
      pids.add(pid);
      say(`+${pid}`);
    },
    forget(pid) {
      if (pids.delete(pid)) say(`-${pid}`);
    },
    close() {
      closing = true;
      return new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.stdin?.end();
      });
    },
  };
}
