import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Registry } from 'prom-client';
import { createStatusFitter } from '../api/fit.ts';
import { INSTALL_NAMESPACE } from '../api/names.ts';
import { version } from '../cli/version.ts';
import { createCollector } from '../evidence/collector.ts';
import { createPrometheusSource } from '../evidence/prometheus/client.ts';
import { judge } from '../judge/judge.ts';
import { createKubeApi, type HttpKubeApi } from '../kube/client.ts';
import { loadClusterConfig } from '../kube/config.ts';
import { createEventRecorder, type ObjectReference } from '../kube/events.ts';
import { guardWrites } from '../kube/guard.ts';
import { createLeaderElector, type LeaderElector } from '../kube/leader.ts';
import { createKubeMetrics } from '../kube/metrics.ts';
import type { KubeObject } from '../kube/object.ts';
import { systemClock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { createLogger, type LogLevel } from '../lib/pino-log.ts';
import { createGateProver } from '../release/gate-proof.ts';
import { createSurroundingsReader } from '../release/surroundings.ts';
import { ConfigError, type OperatorConfig, operatorUsage, readConfig } from './config.ts';
import { type Controller, createController } from './controller.ts';
import { type RunningServer, serve } from './http.ts';
import { createMeasuring } from './measuring.ts';
import { createOperatorMetrics } from './metrics.ts';
import { leaveTarget, type ReconcileDeps, reconcileRelease } from './reconcile.ts';

/** Name of the lease that replicas share. */
const LEASE = 'tandem';
/** Longest wait for what runs when the operator is told to stop: with the lease given back it is done in 10 s. */
const stopMilliseconds = 8000;

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
  const registry = new Registry();
  const kubeMetrics = createKubeMetrics(registry);
  const metrics = createOperatorMetrics(registry, version);
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
  const late: { controller?: Controller } = {};
  const elector = config.leaderElect
    ? createLeaderElector({
        api,
        clock: systemClock,
        random: Math.random,
        log,
        namespace:
          config.leaderElectionNamespace ?? (cluster.context === undefined ? cluster.namespace : INSTALL_NAMESPACE),
        name: LEASE,
        identity,
        metrics: kubeMetrics.leader,
        onStarted: () => late.controller?.lookAtAll(),
      })
    : undefined;
  const parts = assemble({ config, log, api, elector, identity, metrics, kubeMetrics });
  late.controller = parts.controller;
  const servers = await startServers(config, parts.controller, registry, log);
  log.info({ version, server: cluster.server, identity, leaderElect: config.leaderElect }, 'the operator runs');
  await runUntilStopped(parts, elector, api, servers, config, log, stop.signal);
  return 0;
}

interface Parts {
  controller: Controller;
  collector: ReturnType<typeof createCollector>;
  recorder: ReturnType<typeof createEventRecorder>;
}

interface AssembleInput {
  config: OperatorConfig;
  log: Logger;
  api: HttpKubeApi;
  elector: LeaderElector | undefined;
  identity: string;
  metrics: ReturnType<typeof createOperatorMetrics>;
  kubeMetrics: ReturnType<typeof createKubeMetrics>;
}

function assemble(input: AssembleInput): Parts {
  const { config, log, elector, metrics, kubeMetrics } = input;
  const clock = systemClock;
  const api = elector === undefined ? input.api : guardWrites(input.api, () => elector.canWrite());
  const collector = createCollector({ sources: config.sources.map(createPrometheusSource), clock, log, metrics });
  const recorder = createEventRecorder({
    api,
    clock,
    random: Math.random,
    log,
    reportingInstance: input.identity,
    metrics: kubeMetrics.events,
  });
  const measuring = createMeasuring({ collector, judge, clock });
  // The controller and its deps need each other: the caches answer who shares a target.
  const late: { controller?: Controller } = {};
  const deps: ReconcileDeps = {
    api,
    clock,
    log,
    fit: createStatusFitter(),
    gate: createGateProver(api, clock),
    surroundings: createSurroundingsReader(api, clock),
    namesakes: (release, target) => late.controller?.namesakes(release, target) ?? [],
    measurement: measuring.measurement,
    emit: (object, event) => recorder.record({ regarding: referenceTo(object), ...event }),
    measure: measuring.measure,
    forget: (key) => {
      measuring.forget(key);
      metrics.forget(key);
    },
    observe: metrics.observe,
  };
  const controller = createController({
    api: input.api,
    clock,
    random: Math.random,
    log,
    workers: config.workers,
    namespace: config.watchNamespace,
    isLeader: () => elector === undefined || elector.isLeader(),
    reconcile: (namespace, name) => reconcileRelease(deps, namespace, name),
    leave: (namespace, name) => leaveTarget(deps, namespace, name),
    pass: metrics.pass,
    informerMetrics: kubeMetrics.informer,
    queueMetrics: kubeMetrics.queue('canaryrelease'),
  });
  late.controller = controller;
  collector.onUpdate((key) => controller.look(key));
  return { controller, collector, recorder };
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject): ObjectReference {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

async function startServers(
  config: OperatorConfig,
  controller: Controller,
  registry: Registry,
  log: Logger,
): Promise<RunningServer[]> {
  const servers: RunningServer[] = [];
  const ready = (): { status: number; body: string } =>
    controller.hasSynced() ? { status: 200, body: 'ok\n' } : { status: 503, body: 'the caches are not filled yet\n' };
  if (config.healthAddress !== '0')
    servers.push(
      await serve(config.healthAddress, { '/healthz': () => ({ status: 200, body: 'ok\n' }), '/readyz': ready }),
    );
  if (config.metricsAddress !== '0')
    servers.push(
      await serve(config.metricsAddress, {
        '/metrics': async () => ({ status: 200, body: await registry.metrics(), contentType: registry.contentType }),
      }),
    );
  log.info({ health: config.healthAddress, metrics: config.metricsAddress }, 'listening');
  return servers;
}

async function runUntilStopped(
  parts: Parts,
  elector: LeaderElector | undefined,
  api: HttpKubeApi,
  servers: RunningServer[],
  config: OperatorConfig,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { controller, collector, recorder } = parts;
  // The lease is given back last: what is still being written is written under it.
  const lease = new AbortController();
  const electing = elector?.run(lease.signal) ?? Promise.resolve();
  const working = Promise.all([controller.run(signal), collector.run(signal, config.pollMilliseconds)]);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  log.info({}, 'stopping');
  await atMost(stopMilliseconds, Promise.all([working, recorder.flush()]));
  lease.abort();
  await atMost(stopMilliseconds / 4, electing);
  await Promise.all(servers.map((server) => server.close()));
  await Promise.all([collector.close(), api.close()]);
  log.info({}, 'stopped');
}

async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let cancel = (): void => undefined;
  const limit = new Promise<void>((resolve) => {
    cancel = systemClock.after(milliseconds, resolve);
  });
  await Promise.race([
    work.then(
      () => undefined,
      () => undefined,
    ),
    limit,
  ]);
  cancel();
}
