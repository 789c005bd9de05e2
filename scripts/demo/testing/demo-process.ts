import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const script = resolve(import.meta.dirname, '../../demo.ts');

/** The demo as a process of its own. */
export interface DemoProcess {
  child: ReturnType<typeof spawnDemo>;
  /** All that it has said so far. */
  text(): string;
  /** Resolves when it has said so; rejects with all that it said when it ends before. */
  says(text: string): Promise<void>;
  /** Its exit code. */
  exited: Promise<number | null>;
}

function spawnDemo(args: string[]) {
  return spawn(process.execPath, ['--import', 'tsx', script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

export function startDemo(args: string[]): DemoProcess {
  const child = spawnDemo(args);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
  }
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    text: () => said,
    async says(text) {
      while (!said.includes(text)) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(said);
        await setTimeout(50);
      }
    },
    exited,
  };
}

/** Processes that a run of the demo has started and that are there still. */
export function leftBehind({ child }: DemoProcess): string[] {
  // Told twice to be wide: the ps of macOS cuts its lines otherwise.
  const all = execFileSync('ps', ['-wwe', '-o', 'pid=', '-o', 'args='], { encoding: 'utf8' });
  return all.split('\n').filter((line) => line.includes(`demo-${child.pid}/`));
}
