import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { Alertmanager } from '../alerts/config.ts';
import { PrometheusSource } from '../evidence/config.ts';
import { CustomMetrics } from '../evidence/custom/allowed.ts';
import { PodsSource } from '../evidence/pods/config.ts';
import { parseDuration } from '../lib/duration.ts';
import { withoutCredentials } from '../lib/http-url.ts';
import { Receiver } from '../notify/config.ts';
import { Reports } from '../report/config.ts';

/** The configuration file (`--config`): what has structure. */
const ConfigFile = z.strictObject({
  prometheus: z.array(PrometheusSource).max(50).default([]),
  podsSource: PodsSource.prefault({}),
  customMetrics: CustomMetrics.optional(),
  notifications: z.array(Receiver).max(20).default([]),
  alertmanager: Alertmanager.optional(),
  reports: Reports.prefault({}),
  trackSecrets: z.boolean().default(false),
});
type ConfigFile = z.infer<typeof ConfigFile>;

/** How the operator runs: flags, then environment variables, then defaults. */
export interface OperatorConfig {
  kubeconfig: string | undefined;
  context: string | undefined;
  /** Absent: all namespaces. */
  watchNamespace: string | undefined;
  leaderElect: boolean;
  leaderElectionNamespace: string | undefined;
  /** `HOST:PORT`, `:PORT`, or `0` to switch off. */
  healthAddress: string;
  metricsAddress: string;
  /** As those, but off by default: the dashboard has no login. */
  dashboardAddress: string;
  /** Names by which browsers may ask for the dashboard, besides addresses, localhost and Services. `*`: any. */
  dashboardHosts: string[];
  logLevel: string;
  workers: number;
  /** Milliseconds between two rounds of questions to the sources of evidence. */
  pollMilliseconds: number;
  sources: PrometheusSource[];
  /** Pods' own /metrics. */
  podsSource: PodsSource;
  /** Absent: no namespace may have custom metrics. */
  customMetrics: CustomMetrics | undefined;
  /** Who is told of what happens to releases. */
  notifications: Receiver[];
  /** Absent: no alert is taken. */
  alertmanager: Alertmanager | undefined;
  /** What is kept of releases that have ended. */
  reports: Reports;
  /** Changes of Secrets contaminate a comparison, as those of ConfigMaps do. */
  trackSecrets: boolean;
}

/** A wrong flag, variable or file; the message says which and what to write. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const options = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  'watch-namespace': { type: 'string' },
  'prometheus-url': { type: 'string' },
  config: { type: 'string' },
  'leader-elect': { type: 'string' },
  'leader-election-namespace': { type: 'string' },
  'health-addr': { type: 'string' },
  'metrics-addr': { type: 'string' },
  'dashboard-addr': { type: 'string' },
  'dashboard-hosts': { type: 'string' },
  'log-level': { type: 'string' },
  workers: { type: 'string' },
  'poll-interval': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const operatorUsage = `Usage: tandem operator [flags]

Runs the controller. Each flag equals an environment variable: --watch-namespace is TANDEM_WATCH_NAMESPACE.

  --watch-namespace NAME            only this namespace (default: all)
  --prometheus-url URL              the Prometheus of the name "default"
  --config FILE                     configuration file (YAML): sources with their credentials, podsSource,
                                    customMetrics, notifications, alertmanager, reports,
                                    trackSecrets
  --leader-elect[=true|false]       one of several replicas acts (default: false)
  --leader-election-namespace NAME  where the lease is (default: the operator's own namespace)
  --health-addr ADDRESS             /healthz and /readyz (default: :8081; 0: off)
  --metrics-addr ADDRESS            /metrics (default: :8080; 0: off)
  --dashboard-addr ADDRESS          the read-only dashboard, without a login (default: 0: off; for example :8082)
  --dashboard-hosts NAME,...        names by which an ingress serves it (default: none; *: any)
  --poll-interval DURATION          between two rounds of questions to Prometheus (default: 5s)
  --workers N                       releases worked on at once (default: 4)
  --log-level LEVEL                 debug, info, warn or error (default: info)
  --kubeconfig FILE, --context NAME outside of a cluster
`;

/** Reads the configuration; undefined when help was asked for. Throws ConfigError. */
export function readConfig(
  args: string[],
  env: Record<string, string | undefined>,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): OperatorConfig | undefined {
  const flags = parseFlags(args);
  if (flags['help'] === true) return undefined;
  const value = (name: string): string | undefined => {
    const flag = flags[name];
    if (typeof flag === 'string') return flag;
    return env[`TANDEM_${name.toUpperCase().replaceAll('-', '_')}`] || undefined;
  };
  const path = value('config');
  const file = path === undefined ? ConfigFile.parse({}) : fromFile(path, readFile);
  return {
    kubeconfig: value('kubeconfig'),
    context: value('context'),
    watchNamespace: value('watch-namespace'),
    leaderElect: boolean('leader-elect', value('leader-elect') ?? 'false'),
    leaderElectionNamespace: value('leader-election-namespace'),
    healthAddress: address('health-addr', value('health-addr') ?? ':8081'),
    metricsAddress: address('metrics-addr', value('metrics-addr') ?? ':8080'),
    dashboardAddress: address('dashboard-addr', value('dashboard-addr') ?? '0'),
    dashboardHosts: hosts(value('dashboard-hosts') ?? ''),
    logLevel: oneOf('log-level', value('log-level') ?? 'info', ['debug', 'info', 'warn', 'error']),
    workers: integer('workers', value('workers') ?? '4', 1, 64),
    pollMilliseconds: duration('poll-interval', value('poll-interval') ?? '5s'),
    sources: withDefault(file.prometheus, value('prometheus-url')),
    podsSource: file.podsSource,
    customMetrics: file.customMetrics,
    notifications: file.notifications,
    alertmanager: file.alertmanager,
    reports: file.reports,
    trackSecrets: file.trackSecrets,
  };
}

function parseFlags(args: string[]): Record<string, string | boolean | undefined> {
  // A switch may stand without a value, as in Go.
  const words = args.map((word) => (word === '--leader-elect' ? '--leader-elect=true' : word));
  try {
    return parseArgs({ args: words, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new ConfigError(`${error instanceof Error ? error.message : String(error)}\n\n${operatorUsage}`);
  }
}

function withDefault(sources: PrometheusSource[], url: string | undefined): PrometheusSource[] {
  if (url !== undefined) {
    const parsed = PrometheusSource.safeParse({ name: 'default', url });
    if (!parsed.success)
      throw new ConfigError(`--prometheus-url ${JSON.stringify(withoutCredentials(url))}: ${issuesOf(parsed.error)}`);
    const others = sources.filter((source) => source.name !== 'default');
    return [parsed.data, ...others];
  }
  return sources;
}

function fromFile(file: string, readFile: (path: string) => string): ConfigFile {
  let content: unknown;
  try {
    content = parse(readFile(file)) ?? {};
  } catch (error) {
    throw new ConfigError(`--config ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = ConfigFile.safeParse(content);
  if (!parsed.success) throw new ConfigError(`--config ${file}: ${issuesOf(parsed.error)}`);
  const { prometheus, notifications } = parsed.data;
  for (const [what, named] of [['sources', prometheus] as const, ['notifications', notifications] as const]) {
    const names = named.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      throw new ConfigError(`--config ${file}: two ${what} have the name ${JSON.stringify(twice)}`);
  }
  return parsed.data;
}

function issuesOf(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'value'}: ${issue.message}`).join('; ');
}

function boolean(name: string, text: string): boolean {
  return oneOf(name, text, ['true', 'false']) === 'true';
}

function oneOf(name: string, text: string, allowed: string[]): string {
  if (allowed.includes(text)) return text;
  throw new ConfigError(`--${name} is ${JSON.stringify(text)}: write one of ${allowed.join(', ')}`);
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ConfigError(`--${name} is ${JSON.stringify(text)}: write a whole number from ${least} to ${most}`);
}

function duration(name: string, text: string): number {
  try {
    const seconds = parseDuration(text);
    if (seconds >= 1) return seconds * 1000;
  } catch (error) {
    throw new ConfigError(`--${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new ConfigError(`--${name} is ${JSON.stringify(text)}: write at least 1s`);
}

function hosts(text: string): string[] {
  const names = text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim().toLowerCase()]));
  const wrong = names.find((name) => name !== '*' && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name));
  if (wrong === undefined) return names;
  throw new ConfigError(
    `--dashboard-hosts has ${JSON.stringify(wrong)}: write names without scheme and port, with commas between them`,
  );
}

function address(name: string, text: string): string {
  if (text === '0' || /^[^\s:]*:\d{1,5}$/.test(text) || /^\[[0-9a-f:]+\]:\d{1,5}$/i.test(text)) return text;
  throw new ConfigError(`--${name} is ${JSON.stringify(text)}: write HOST:PORT, :PORT, or 0 to switch it off`);
}
