/** One Deployment of the shop and the version that is released on it. */
export interface Scenario {
  /** Of the Deployment, its Service and its CanaryRelease. */
  name: string;
  /** Tag of the image that is released. */
  tag: string;
  /** What is different in it, for people. */
  is: string;
  /** Variables that the image sets: what its program does wrong. */
  env: Record<string, string>;
  /** Requests a second on all its pods. */
  rate: number;
  expected: 'Promoted' | 'RolledBack';
  /** What has to have decided. */
  because: RegExp;
}

/**
 * The rates are modest, and enough for the judge: a new error in 1 % needs about 1,800 requests on the canary when
 * nothing is known of stable's past, and to show that there are no more errors takes 4,300 (docs/guides/verdicts.md).
 */
export const scenarios: readonly Scenario[] = [
  {
    name: 'good',
    tag: 'v2',
    is: 'nothing that users would notice',
    env: {},
    rate: 160,
    expected: 'Promoted',
    because: /./,
  },
  {
    name: 'bad-latency',
    tag: 'v2-slow',
    is: 'every answer takes 120 ms more',
    env: { LATENCY_MS: '120' },
    rate: 40,
    expected: 'RolledBack',
    because: /^latency/,
  },
  {
    name: 'new-errors',
    tag: 'v2-errors',
    is: 'a new error in 1 % of its answers',
    env: { ERROR_RATE: '0.01', ERROR_CLASS: '503:upstream_timeout' },
    rate: 120,
    expected: 'RolledBack',
    because: /errors$/,
  },
  {
    name: 'leak',
    tag: 'v2-leak',
    is: 'leaks 80 MB at its start, 3 MB a minute',
    env: { LEAK_BYTES_AT_START: '80000000', LEAK_BYTES_PER_SECOND: '50000' },
    rate: 20,
    expected: 'RolledBack',
    because: /^(memory|OOMKilled)$/,
  },
];

const repository = 'demo.tandem.dev/shop';

/** The image of a version of the shop. */
export function imageOf(tag: string): string {
  return `${repository}:${tag}`;
}

/** A leak so fast that the test of this demo need not wait for it. */
const quickLeak = { LEAK_BYTES_PER_SECOND: '15000000' };

/** What an image sets in the environment of its program; undefined when there is no such image. */
export function settingsOf(image: string, quick = false): Record<string, string> | undefined {
  if (!image.startsWith(`${repository}:`)) return undefined;
  const tag = image.slice(repository.length + 1);
  // What v1 and others like it do is what the shop does by default.
  const known = scenarios.find((scenario) => scenario.tag === tag)?.env ?? (/^v\d+$/.test(tag) ? {} : undefined);
  if (known === undefined) return undefined;
  const env = { VERSION: tag, HOST: '127.0.0.1', KEEPALIVE_REQUESTS: '10', DRAIN_S: '1', ...known };
  return quick && 'LEAK_BYTES_PER_SECOND' in known ? { ...env, ...quickLeak } : env;
}
