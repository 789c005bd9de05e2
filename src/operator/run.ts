import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Registry } from 'prom-client';
import { type AlertBoard, createAlertBoard } from '../alerts/board.ts';
import { serveAlerts } from '../alerts/server.ts';
import { INSTALL_NAMESPACE } from '../api/names.ts';
import { version } from '../cli/version.ts';
import { createScraper } from '../evidence/pods/scrape.ts';
import { createPrometheusSource } from '../evidence/prometheus/client.ts';
import { createKubeApi } from '../kube/client.ts';
import { loadClusterConfig } from '../kube/config.ts';
import { createKubeMetrics } from '../kube/metrics.ts';
import { systemClock } from '../lib/clock.ts';
import type { RunningServer } from '../lib/listen.ts';
import type { Logger } from '../lib/log.ts';
import { createLogger, type LogLevel } from '../lib/pino-log.ts';
import { deliver } from '../notify/deliver.ts';
import { createNotifier } from '../notify/notifier.ts';
import { assembleOperator, type Operator } from './assemble.ts';
import { ConfigError, type OperatorConfig, operatorUsage, readConfig } from './config.ts';
import { serve } from './http.ts';
import { createOperatorMetrics } from './metrics.ts';
import { createRegistry } from './registry.ts';

/** `tandem operator`: runs until SIGTERM or SIGINT and returns the exit code. */
export async function runOperator(args: string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  let config: OperatorConfig | undefined;
  try {
    config = readConfig(args, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`tandem operator: ${error.message}\n`);
    return 64;
  }
  if (config === undefined) {
    process.stdout.write(operatorUsage);
    return 0;
  }
  const log = createLogger({ level: config.logLevel as LogLevel });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  return operate(config, log, stop);
}

async function operate(config: OperatorConfig, log: Logger, stop: AbortController): Promise<number> {
  const registry = createRegistry();
  const kubeMetrics = createKubeMetrics(registry);
  const metrics = createOperatorMetrics(registry, version, () => systemClock.now());
  const cluster = loadClusterConfig({
    clock: systemClock,
    ...(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig }),
    ...(config.context === undefined ? {} : { context: config.context }),
  });
  const api = createKubeApi({
    config: cluster,
    clock: systemClock,
    random: Math.random,
    userAgent: `tandem/${version}`,
    metrics: kubeMetrics.client,
  });
  const identity = `${hostname()}_${randomUUID()}`;
  const { leaderElect, leaderElectionNamespace } = config;
  const home = cluster.context === undefined ? cluster.namespace : INSTALL_NAMESPACE;
  const { alertmanager } = config;
  const alerts = alertmanager && createAlertBoard({ clock: systemClock, namespaces: alertmanager.namespaces });
  const operator = assembleOperator({
    config,
    api,
    clock: systemClock,
    random: Math.random,
    log,
    identity,
    leaseNamespace: leaderElect ? (leaderElectionNamespace ?? home) : undefined,
    sources: config.sources.map(createPrometheusSource),
    scraper: createScraper(config.podsSource),
    customMetrics: config.customMetrics,
    notifier: createNotifier({
      receivers: config.notifications,
      deliver,
      clock: systemClock,
      random: Math.random,
      log,
      count: metrics.notification,
    }),
    reports:
      config.reports.keep === 0
        ? undefined
        : { keep: config.reports.keep, version, kubernetes: async () => api.version() },
    alerts,
    metrics,
    kubeMetrics,
  });
  const servers: RunningServer[] = [];
  try {
    await startServers({ config, operator, registry, alerts, log }, servers);
    log.info({ version, server: cluster.server, identity, leaderElect }, 'the operator runs');
    await operator.run(stop.signal);
  } finally {
    // Whatever happened: a server that is left would keep the process, and answer probes for an operator that is not.
    await Promise.all(servers.map((server) => server.close()));
    await api.close();
  }
  log.info({}, 'stopped');
  return 0;
}

interface Served {
  config: OperatorConfig;
  operator: Operator;
  registry: Registry;
  alerts: AlertBoard | undefined;
  log: Logger;
}

/** Starts what the configuration asks for, one after the other; those that run are in `servers`, also when it rejects. */
async function startServers(
  { config, operator, registry, alerts, log }: Served,
  servers: RunningServer[],
): Promise<void> {
  const { healthAddress, metricsAddress, dashboardAddress, alertmanager } = config;
  const ready = (): { status: number; body: string } =>
    operator.controller.hasSynced()
      ? { status: 200, body: 'ok\n' }
      : { status: 503, body: 'the caches are not filled yet\n' };
  if (healthAddress !== '0')
    servers.push(await serve(healthAddress, { '/healthz': () => ({ status: 200, body: 'ok\n' }), '/readyz': ready }));
  if (metricsAddress !== '0')
    servers.push(
      await serve(metricsAddress, {
        '/metrics': async () => ({ status: 200, body: await registry.metrics(), contentType: registry.contentType }),
      }),
    );
  log.info({ health: healthAddress, metrics: metricsAddress }, 'listening');
  if (alertmanager !== undefined && alerts !== undefined) {
    const isLeader = (): boolean => operator.elector?.isLeader() ?? true;
    servers.push(await serveAlerts({ config: alertmanager, board: alerts, isLeader, log }));
  }
  if (dashboardAddress !== '0') servers.push(await startDashboard(dashboardAddress, config, operator, log));
}

/** Loaded only when it is asked for: it costs memory. */
async function startDashboard(
  address: string,
  config: OperatorConfig,
  operator: Operator,
  log: Logger,
): Promise<RunningServer> {
  const [{ loadAssets }, { serveDashboard }] = await Promise.all([
    import('../dashboard/assets.ts'),
    import('../dashboard/serve.ts'),
  ]);
  const { dashboardHosts: hosts } = config;
  return serveDashboard(address, {
    source: operator.dashboard,
    assets: await loadAssets(),
    clock: systemClock,
    version,
    hosts,
    failed: (error, path) => log.error({ err: error, path }, 'A page of the dashboard could not be made'),
  });
}
