import { createStyle, wantsColor } from '../../src/cli/style.ts';
import { version } from '../../src/cli/version.ts';
import { aborted } from '../../src/lib/abort.ts';
import { unlessEnded } from './operator.ts';
import { DemoError, type DemoOptions, readOptions, usage } from './options.ts';
import { play } from './play.ts';
import { report } from './render.ts';
import { createScreen, type Screen } from './screen.ts';
import { howToLook } from './stay.ts';
import { isRight, type View } from './view.ts';
import { createWorld } from './world.ts';

/** Runs the demo and answers the exit code. */
export async function main(args: string[]): Promise<number> {
  const begun = performance.now();
  const color = wantsColor({ isTty: process.stdout.isTTY === true, env: process.env });
  const style = createStyle(color);
  const stop = new AbortController();
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new DemoError('interrupted: everything that was started is ended'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  try {
    const options = readOptions(args);
    if (options === undefined) {
      console.log(usage);
      return 0;
    }
    const facts = `Tandem ${version}, Node ${process.versions.node}, ${process.platform}, seed ${options.seed}`;
    const screen = createScreen({
      write: (text) => void process.stdout.write(text),
      size: color ? () => ({ rows: process.stdout.rows, columns: process.stdout.columns }) : undefined,
      style,
      elapsed: () => performance.now() - begun,
      head: facts,
    });
    console.log(`${style.bold('Tandem demo')}: ${facts}\n`);
    return await demonstrate(options, screen, stop.signal, (views) => report(views, style));
  } catch (error) {
    if (!(error instanceof DemoError)) throw error;
    console.error(`demo: ${error.message}`);
    return stop.signal.aborted ? 130 : 1;
  }
}

async function demonstrate(
  options: DemoOptions,
  screen: Screen,
  signal: AbortSignal,
  summary: (views: View[]) => string,
): Promise<number> {
  const world = await createWorld({ ...options, say: screen.say });
  const ending = new AbortController();
  try {
    const playing = play(world, options, screen, AbortSignal.any([signal, ending.signal]));
    const views = await unlessEnded(world.operator, playing);
    screen.end();
    console.log(`\n${summary(views)}`);
    const right = views.every(isRight);
    console.log(right ? 'Every verdict was right.' : 'NOT every verdict was right.');
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
