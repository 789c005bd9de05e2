import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { generate, type Load, maxRate, maxSeconds } from './generator.ts';
import { parseTarget } from './target.ts';

const help = `Sends HTTP requests at a fixed rate and prints one JSON line a second.
  load --url http://ADDRESS[:PORT] [--rate 40] [--seconds 60] [--mode connection|keepalive] [--paths /fast,/slow]
  --wait   begin when the target has answered 5 times in a row (30 seconds at most)
  --stdin  begin at the first line on standard input, end when it closes`;

function bounded(name: string, text: string, most: number): number {
  const value = Number(text);
  if (value > 0 && value <= most) return value;
  throw new Error(`--${name} ${text}: expected a number above 0 and not above ${most}`);
}

interface Options {
  load: Load;
  wait: boolean;
  stdin: boolean;
}

function readOptions(args: string[]): Options {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const { values } = parseArgs({
    args,
    options: {
      url: text(''),
      rate: text('40'),
      seconds: text('60'),
      mode: text('connection'),
      paths: text('/fast,/slow'),
      wait: { type: 'boolean', default: false },
      stdin: { type: 'boolean', default: false },
    },
  });
  if (values.url === '') throw new Error(`--url is missing\n${help}`);
  if (values.mode !== 'connection' && values.mode !== 'keepalive')
    throw new Error(`--mode ${values.mode}: expected connection or keepalive`);
  const load: Load = {
    target: parseTarget(values.url, process.env['KUBERNETES_SERVICE_HOST'] !== undefined),
    rate: bounded('rate', values.rate, maxRate),
    seconds: bounded('seconds', values.seconds, maxSeconds),
    mode: values.mode,
    paths: values.paths.split(','),
  };
  return { load, wait: values.wait, stdin: values.stdin };
}

/** Whoever holds the other end decides when to begin, and its death ends the load too. */
async function followStdin(abort: AbortController): Promise<void> {
  process.stdin.once('close', () => abort.abort());
  process.stdin.once('end', () => abort.abort());
  await once(process.stdin, 'data');
  process.stdin.resume();
}

async function waitForTarget({ target, paths }: Load): Promise<void> {
  const end = Date.now() + 30_000;
  for (let answers = 0; answers < 5; ) {
    answers = (await isAnswered(new URL(paths[0] ?? '/', target))) ? answers + 1 : 0;
    if (Date.now() > end) throw new Error(`${target.href}: no answer for 30 seconds; is a pod of the Service ready?`);
    await setTimeout(50);
  }
}

async function isAnswered(url: URL): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await answer.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

try {
  const { load, wait, stdin } = readOptions(process.argv.slice(2));
  const abort = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => abort.abort());
  const print = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
  process.stdout.on('error', () => process.exit(1));
  if (stdin) await followStdin(abort);
  if (wait) await waitForTarget(load);
  print({ startedAt: Date.now() });
  await generate(load, print, abort.signal);
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(2);
}
