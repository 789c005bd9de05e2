/** What the test application does wrong, and how much; every value comes from the environment variable named in its comment. */
export interface Settings {
  /** PORT */
  port: number;
  /** HOST: the address that it listens on; undefined = all there are. */
  host: string | undefined;
  /** VERSION: sent back as `X-Version`. */
  version: string;
  /** HOSTNAME: the pod's name, sent back as `X-Pod`. */
  pod: string;
  /** BASELINE_ERROR_RATE: share of requests that fail with 500 `db_timeout`, as an ordinary application does. */
  baselineErrorRate: number;
  /** ERROR_RATE: share of requests that fail with `errorClass`. */
  errorRate: number;
  /** ERROR_CLASS: `STATUS` or `STATUS:TYPE`; the type becomes the label `error_type`. */
  errorClass: ErrorClass;
  /** LATENCY_MS: added to every request, or to those of LATENCY_ROUTE alone. */
  latencyMs: number;
  latencyRoute: string | undefined;
  /** TAIL_RATE and TAIL_MS: this share of requests is slower by so much. */
  tailRate: number;
  tailMs: number;
  /** WARMUP_MS and WARMUP_S: added to every request of a process that just started, falling to nothing in so many seconds. */
  warmupMs: number;
  warmupS: number;
  /** CPU_MS: time a request keeps the processor busy. */
  cpuMs: number;
  /** LEAK_BYTES_AT_START, LEAK_BYTES_PER_REQUEST, LEAK_BYTES_PER_SECOND: memory that is never given back. */
  leakBytesAtStart: number;
  leakBytesPerRequest: number;
  leakBytesPerSecond: number;
  /** START_DELAY_S: seconds before the port is opened. */
  startDelayS: number;
  /** CRASH_AFTER_S: the process ends with code 1 after so many seconds; undefined = never. */
  crashAfterS: number | undefined;
  /** NEVER_READY */
  neverReady: boolean;
  /** DRAIN_S: seconds it still serves after SIGTERM, until the endpoints no longer name it. */
  drainS: number;
  /** KEEPALIVE_REQUESTS: a connection is closed after so many; 0 = never. */
  keepaliveRequests: number;
  /** PROCESS_METRICS=0: no metrics of the process, as an application exports that counts its requests alone. */
  processMetrics: boolean;
  /** METRICS_ODD and METRICS_ODD_FOR: what these addresses (with commas between them) get instead of the metrics. */
  odd: { kind: OddKind; addresses: ReadonlySet<string> } | undefined;
}

export const oddKinds = ['slow', 'large', 'html', 'tls'] as const;
/** Byte by byte; 100 MiB; a page to log in; no plain connection at all, as from a mesh with strict mutual TLS. */
export type OddKind = (typeof oddKinds)[number];

export interface ErrorClass {
  status: number;
  type: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings. Throws an error that names the variable and the value when one is not a number in its range. */
export function readSettings(env: Environment): Settings {
  const crash = env['CRASH_AFTER_S'];
  return {
    port: number(env, 'PORT', 8080),
    host: env['HOST'] || undefined,
    version: env['VERSION'] ?? 'none',
    pod: env['HOSTNAME'] ?? 'none',
    baselineErrorRate: share(env, 'BASELINE_ERROR_RATE'),
    errorRate: share(env, 'ERROR_RATE'),
    errorClass: errorClass(env['ERROR_CLASS'] ?? '500'),
    latencyMs: number(env, 'LATENCY_MS', 0),
    latencyRoute: env['LATENCY_ROUTE'],
    tailRate: share(env, 'TAIL_RATE'),
    tailMs: number(env, 'TAIL_MS', 0),
    warmupMs: number(env, 'WARMUP_MS', 0),
    warmupS: number(env, 'WARMUP_S', 60),
    cpuMs: number(env, 'CPU_MS', 0),
    leakBytesAtStart: number(env, 'LEAK_BYTES_AT_START', 0),
    leakBytesPerRequest: number(env, 'LEAK_BYTES_PER_REQUEST', 0),
    leakBytesPerSecond: number(env, 'LEAK_BYTES_PER_SECOND', 0),
    startDelayS: number(env, 'START_DELAY_S', 0),
    crashAfterS: crash === undefined || crash === '' ? undefined : number(env, 'CRASH_AFTER_S', 0),
    neverReady: ['1', 'true'].includes(env['NEVER_READY'] ?? ''),
    drainS: number(env, 'DRAIN_S', 2),
    keepaliveRequests: number(env, 'KEEPALIVE_REQUESTS', 0),
    processMetrics: env['PROCESS_METRICS'] !== '0',
    odd: odd(env),
  };
}

function odd(env: Environment): Settings['odd'] {
  const text = env['METRICS_ODD'];
  if (text === undefined || text === '') return undefined;
  const kind = oddKinds.find((one) => one === text);
  if (kind === undefined) throw new Error(`METRICS_ODD=${text}: expected ${oddKinds.join(', ')}`);
  return { kind, addresses: new Set((env['METRICS_ODD_FOR'] ?? '').split(',').filter((one) => one !== '')) };
}

function number(env: Environment, name: string, otherwise: number): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${name}=${text}: expected a number of 0 or more`);
  return value;
}

function share(env: Environment, name: string): number {
  const value = number(env, name, 0);
  if (value > 1) throw new Error(`${name}=${value}: expected a share between 0 and 1`);
  return value;
}

function errorClass(text: string): ErrorClass {
  const match = /^([45]\d\d)(?::([a-z_]+))?$/.exec(text);
  if (!match) throw new Error(`ERROR_CLASS=${text}: expected STATUS or STATUS:TYPE, as in 503 or 503:upstream_timeout`);
  return { status: Number(match[1]), type: match[2] ?? 'injected' };
}
