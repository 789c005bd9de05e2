import { parseArgs } from 'node:util';
import { type Scenario, scenarios } from './scenarios.ts';

export const usage = `npm run demo -- [--stay] [--only NAME] [--port N] [--seed N] [--quick]

Releases four versions of a small shop side by side, judged by the unchanged operator: a good one, a slower one, one with
a new error in 1 % of its answers, and one that leaks memory. Kubernetes is an API server in this process, pods are real
processes, requests are real HTTP. It needs Node alone: no root, no containers, no network but 127.0.0.1. 3 to 4 minutes.

  --stay       keep everything running afterwards, and say how to look at it with kubectl
  --only NAME  one of ${scenarios.map(({ name }) => name).join(', ')}; may be given more than once
  --port N     port of the API server on 127.0.0.1 (default: any that is free)
  --seed N     of names and numbers that are drawn (default: 1)
  --quick      short times, for the test of this demo: a version may then pass on weak evidence

It ends with 0 only when every verdict was right.`;

/** Something that the person at the terminal can mend; shown as one line. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

export interface DemoOptions {
  stay: boolean;
  scenarios: Scenario[];
  port: number;
  seed: number;
  quick: boolean;
}

const numbered = ['port', 'seed'];
const flags = ['stay', 'quick'];

/** Reads the arguments; undefined when help was asked for. Throws DemoError. `env`: where npm leaves what it took. */
export function readOptions(
  args: string[],
  env: Readonly<Record<string, string | undefined>> = {},
): DemoOptions | undefined {
  // `npm run demo --stay`, without the two dashes, is an option of npm, which says so in passing and goes on.
  const taken = [...numbered, ...flags].find((name) => env[`npm_config_${name}`] !== undefined);
  if (env['npm_lifecycle_event'] === 'demo' && taken !== undefined) {
    const value = numbered.includes(taken) ? ' N' : '';
    throw new DemoError(`npm took --${taken} for its own: write npm run demo -- --${taken}${value}`);
  }
  const values = parse(args);
  if (values.help) return undefined;
  return {
    stay: values.stay,
    scenarios: chosen(values.only),
    port: integer('port', values.port, 65_535),
    seed: integer('seed', values.seed, 2 ** 31),
    quick: values.quick,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        stay: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        port: { type: 'string', default: '0' },
        seed: { type: 'string', default: '1' },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new DemoError(message.replaceAll('\n', ' '));
  }
}

function chosen(names: string[]): Scenario[] {
  const known = scenarios.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new DemoError(`--only ${unknown}: there is no such version; write one of ${known.join(', ')}`);
  return names.length === 0 ? [...scenarios] : scenarios.filter(({ name }) => names.includes(name));
}

function integer(name: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw new DemoError(`--${name} ${text}: write a whole number from 0 to ${most}`);
}
