import { constants } from 'node:os';
import { createStyle, wantsColor } from '../../src/cli/style.ts';
import { version } from '../../src/cli/version.ts';
import { aborted } from '../../src/lib/abort.ts';
import { checkOpenFiles } from './limits.ts';
import { unlessEnded } from './operator.ts';
import { DemoError, type DemoOptions, readOptions, usage } from './options.ts';
import { play } from './play.ts';
import { conclusion, report } from './render.ts';
import { createScreen, type Screen } from './screen.ts';
import { howToLook } from './stay.ts';
import { isRight, type View } from './view.ts';
import { createWorld } from './world.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs the demo and answers the exit code. */
export async function main(args: string[]): Promise<number> {
  const begun = performance.now();
  const color = wantsColor({ isTty: process.stdout.isTTY === true, env: process.env });
  const style = createStyle(color);
  const stop = createStop();
  try {
    const options = readOptions(args, process.env);
    if (options === undefined) {
      console.log(usage);
      return 0;
    }
    checkOpenFiles();
    const facts = `Tandem ${version}, Node ${process.versions.node}, ${process.platform}, seed ${options.seed}`;
    const screen = createScreen({
      write: (text) => void process.stdout.write(text),
      // A terminal that knows nothing of its size says 0.
      size: color ? () => ({ rows: process.stdout.rows || 24, columns: process.stdout.columns || 80 }) : undefined,
      style,
      elapsed: () => performance.now() - begun,
      head: facts,
    });
    console.log(`${style.bold('Tandem demo')}: ${facts}\n`);
    return await demonstrate(options, screen, stop.signal, (views) => report(views, style));
  } catch (error) {
    if (!(error instanceof DemoError) && !isOfSystem(error)) throw error;
    console.error(`demo: ${error.message}`);
    return stop.exitCode() ?? 1;
  } finally {
    await written(process.stdout);
  }
}

interface Stop {
  signal: AbortSignal;
  /** As a shell has it for the signal that ended this; undefined when none did. */
  exitCode(): number | undefined;
}

/** Ends the demo at a signal, or when nobody reads it any more; at the second signal at once. */
function createStop(): Stop {
  const controller = new AbortController();
  let exitCode: number | undefined;
  let since = Number.POSITIVE_INFINITY;
  const end = (code: number): void => {
    exitCode ??= code;
    controller.abort(new DemoError('interrupted: everything that was started is ended'));
  };
  for (const name of signals) {
    process.on(name, () => {
      const code = 128 + constants.signals[name];
      // npm passes on what its whole group gets as well: that is one signal. The guardian ends the others.
      if (performance.now() - since > 1000) process.exit(code);
      since = Math.min(since, performance.now());
      end(code);
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => end(128 + constants.signals.SIGPIPE));
  }
  return { signal: controller.signal, exitCode: () => exitCode };
}

/** The machine refused something: no access, no room, no more files. No bug, so no stack. */
function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** What is left of an output is lost when the process exits. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

async function demonstrate(
  options: DemoOptions,
  screen: Screen,
  signal: AbortSignal,
  summary: (views: View[]) => string,
): Promise<number> {
  const world = await createWorld({ ...options, say: screen.say, signal });
  const ending = new AbortController();
  try {
    const playing = play(world, options, screen, AbortSignal.any([signal, ending.signal]));
    const { views, wasBusy } = await unlessEnded(world.operator, playing);
    screen.end();
    console.log(`\n${summary(views)}`);
    const right = views.every(isRight);
    console.log(conclusion(right, wasBusy));
    if (options.stay) {
      console.log(howToLook(world, options.scenarios[0]?.name ?? ''));
      await unlessEnded(world.operator, aborted(signal));
    }
    return right ? 0 : 1;
  } finally {
    ending.abort();
    screen.end();
    await world.close();
  }
}
