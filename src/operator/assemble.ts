import { setMaxListeners } from 'node:events';
import type { AlertBoard } from '../alerts/board.ts';
import { createStatusFitter } from '../api/fit.ts';
import { KIND } from '../api/names.ts';
import type { DashboardSource } from '../dashboard/source.ts';
import { createCollector } from '../evidence/collector.ts';
import { allowsCustom, type CustomMetrics } from '../evidence/custom/allowed.ts';
import { createPodsCollector } from '../evidence/pods/collector.ts';
import type { Scraper } from '../evidence/pods/scrape.ts';
import type { PrometheusApi } from '../evidence/prometheus/client.ts';
import { createUsageCollector } from '../evidence/resources/collector.ts';
import { createEvidenceSources, type EvidenceSources } from '../evidence/routing.ts';
import { incrementalJudge } from '../judge/engine/incremental.ts';
import type { KubeApi } from '../kube/api.ts';
import { createEventRecorder, type ObjectReference } from '../kube/events.ts';
import { guardWrites } from '../kube/guard.ts';
import { createLeaderElector, type LeaderElector } from '../kube/leader.ts';
import type { createKubeMetrics } from '../kube/metrics.ts';
import type { KubeObject } from '../kube/object.ts';
import { aborted } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Notifier } from '../notify/notifier.ts';
import { createGateProver } from '../release/gate-proof.ts';
import { createSurroundingsReader } from '../release/surroundings.ts';
import { createReports, type Reports, type ReportsOptions } from '../report/keeper.ts';
import type { OperatorConfig } from './config.ts';
import { type Controller, createController } from './controller.ts';
import { createDashboardSource } from './dashboard-source.ts';
import { createForesight } from './foresight.ts';
import { createJournals } from './journal.ts';
import { createMeasuring } from './measuring.ts';
import type { OperatorMetrics } from './metrics.ts';
import { createNeighbours } from './neighbours.ts';
import { leaveTarget, type ReconcileDeps, reconcileRelease } from './reconcile.ts';
import { createUnsureWrites } from './unsure.ts';
import { createWake } from './wake.ts';

/** Name of the lease that replicas share. */
const LEASE = 'tandem';
/** Longest wait for what runs when the operator is told to stop: with the lease given back it is done in 10 s. */
const stopMilliseconds = 8000;

/** All that an operator has from outside: in a process the machine's, in a simulation its own. */
export interface OperatorInput {
  config: Pick<OperatorConfig, 'workers' | 'watchNamespace' | 'pollMilliseconds'> &
    Partial<Pick<OperatorConfig, 'podsSource' | 'trackSecrets'>>;
  api: KubeApi;
  clock: Clock;
  /** Numbers in [0, 1). */
  random: () => number;
  log: Logger;
  /** Of this process alone. */
  identity: string;
  /** Where the lease lies; undefined: no election, this process acts. */
  leaseNamespace: string | undefined;
  sources: readonly PrometheusApi[];
  /** Reads pods; together with `config.podsSource`, else no pod is scraped. */
  scraper?: Scraper;
  /** Absent: no namespace may have custom metrics. */
  customMetrics?: CustomMetrics | undefined;
  /** Absent: nobody is told. */
  notifier?: Notifier;
  /** Absent: no reports are kept, and nothing is written for them. */
  reports?: Pick<ReportsOptions, 'keep' | 'version' | 'kubernetes'> | undefined;
  /** Absent: no alert is taken. */
  alerts?: AlertBoard | undefined;
  metrics: OperatorMetrics;
  kubeMetrics: ReturnType<typeof createKubeMetrics>;
}

/** The operator without its process: no server, no signal, no connection of its own. */
export interface Operator {
  controller: Controller;
  elector: LeaderElector | undefined;
  /** What there is to show, without a request to the API. */
  dashboard: DashboardSource;
  /** Works until the signal aborts, then ends what runs and gives the lease back last. */
  run(signal: AbortSignal): Promise<void>;
}

/** Wires the parts together; nothing runs yet. */
export function assembleOperator(input: OperatorInput): Operator {
  const { clock, random, log, metrics, kubeMetrics } = input;
  // The controller and its deps need each other: the caches answer who shares a target.
  const late: { controller?: Controller } = {};
  // Who begins to lead acts on all releases; who does so no more stands by for all of them.
  const elector = electorOf(input, () => late.controller?.lookAtAll());
  const api = elector === undefined ? input.api : guardWrites(input.api, () => elector.canWrite());
  const customAllowed = (namespace: string): boolean => allowsCustom(input.customMetrics, namespace);
  const collector = evidenceSources(input, customAllowed);
  const journals = createJournals(clock);
  const recorder = createEventRecorder({
    api,
    clock,
    random,
    log,
    reportingInstance: input.identity,
    metrics: kubeMetrics.events,
  });
  const neighbours = createNeighbours({
    api: input.api,
    clock,
    random,
    log,
    metrics: kubeMetrics.informer,
    onChange: (key) => late.controller?.look(key),
  });
  const wake = createWake({
    clock,
    // A little less than a round of Prometheus: each of those makes a pass.
    everyMs: 0.8 * input.config.pollMilliseconds,
    hasNews: (key) => measuring.hasNews(key),
    look: (key) => late.controller?.look(key),
  });
  const foresight = createForesight({ collector, clock, log, onPlan: (key) => late.controller?.rouse(key) });
  const measuring = createMeasuring({ collector, createJudge: incrementalJudge, clock, foresight });
  const unsure = createUnsureWrites();
  const reports = reportsOf(input, api, measuring.judged);
  const forget = (key: string): void => {
    measuring.forget(key);
    unsure.forget(key);
    wake.forget(key);
    metrics.forget(key);
    input.notifier?.forget(key);
  };
  const deps: ReconcileDeps = {
    api,
    clock,
    log,
    unsure,
    fit: createStatusFitter(),
    gate: createGateProver(api, clock),
    surroundings: createSurroundingsReader(api, clock, { trackSecrets: input.config.trackSecrets ?? false }),
    namesakes: (release, target) => late.controller?.namesakes(release, target) ?? [],
    measurement: measuring.measurement,
    plan: foresight.plan,
    customAllowed,
    alerts: (namespace) => input.alerts?.firing(namespace) ?? [],
    neighbours,
    emit: (object, event) => {
      recorder.record({ regarding: referenceTo(object), ...event });
      const { kind, metadata } = object;
      if (kind === KIND) journals.event(`${metadata.namespace}/${metadata.name}`, event);
    },
    measure: measuring.measure,
    forget: (key) => {
      forget(key);
      reports?.forget(key);
    },
    observe: (snapshot, decision) => {
      metrics.observe(snapshot, decision);
      input.notifier?.observe(snapshot, decision);
      reports?.observe(snapshot, decision);
    },
  };
  const controller = createController({
    api: input.api,
    clock,
    random,
    log,
    workers: input.config.workers,
    namespace: input.config.watchNamespace,
    isLeader: () => elector === undefined || elector.isLeader(),
    reconcile: (namespace, name) => reconcileRelease(deps, namespace, name),
    leave: (namespace, name) => leaveTarget(deps, namespace, name),
    // Another replica acts: it watches, measures and counts for itself.
    standBy: (key) => {
      neighbours.leave(key);
      forget(key);
      reports?.standBy(key);
    },
    seen: (key, release) => {
      if (release === undefined) journals.forget(key);
      else journals.see(release);
      touch(key);
    },
    prove: (target) => deps.gate.provenUntil(target),
    pass: metrics.pass,
    informerMetrics: kubeMetrics.informer,
    queueMetrics: kubeMetrics.queue('canaryrelease'),
  });
  late.controller = controller;
  const leads = (): boolean => elector === undefined || elector.isLeader();
  const { source, touch } = createDashboardSource({
    api: input.api,
    clock,
    releases: controller.releases,
    release: controller.release,
    judged: measuring.judged,
    journals,
    standing: () => ({ leads: leads(), leader: elector?.holder() }),
    ready: controller.hasSynced,
  });
  collector.onUpdate((key) => {
    if (!foresight.round(key)) wake.round(key);
  });
  return { controller, elector, dashboard: source, run };

  async function run(signal: AbortSignal): Promise<void> {
    // Every part listens to it: more than the ten after which Node suspects a leak.
    setMaxListeners(0, signal);
    // The lease is given back last: what is still being written is written under it.
    const lease = new AbortController();
    const electing = elector?.run(lease.signal) ?? Promise.resolve();
    const working = Promise.all([
      controller.run(signal),
      collector.run(signal, input.config.pollMilliseconds),
      input.notifier?.run(signal),
      reports?.run(signal),
    ]);
    await aborted(signal);
    log.info({}, 'stopping');
    await atMost(clock, stopMilliseconds, Promise.all([working, neighbours.close(), recorder.flush()]));
    lease.abort();
    await atMost(clock, stopMilliseconds / 4, electing);
    await collector.close();
  }
}

function evidenceSources(
  { api, config, sources, scraper, clock, log, metrics }: OperatorInput,
  customAllowed: (namespace: string) => boolean,
): EvidenceSources {
  const { podsSource } = config;
  const pods =
    podsSource === undefined || scraper === undefined
      ? undefined
      : createPodsCollector({ config: podsSource, scraper, clock, log, metrics });
  const prometheus = createCollector({ sources, clock, log, metrics, customAllowed });
  const usage = createUsageCollector({ api, clock, log, metrics });
  return createEvidenceSources({ prometheus, pods, hasPrometheus: sources.length > 0, usage, clock, log });
}

function reportsOf(
  { reports, clock, random, log, metrics }: OperatorInput,
  api: KubeApi,
  judged: ReportsOptions['judged'],
): Reports | undefined {
  if (reports === undefined) return undefined;
  return createReports({ ...reports, api, clock, random, log, judged, count: metrics.report });
}

function electorOf(input: OperatorInput, onChange: () => void): LeaderElector | undefined {
  const { api, clock, random, log, identity, leaseNamespace, kubeMetrics } = input;
  if (leaseNamespace === undefined) return undefined;
  return createLeaderElector({
    api,
    clock,
    random,
    log,
    namespace: leaseNamespace,
    name: LEASE,
    identity,
    metrics: kubeMetrics.leader,
    onStarted: onChange,
    onStopped: onChange,
  });
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

async function atMost(clock: Clock, milliseconds: number, work: Promise<unknown>): Promise<void> {
  let cancel = (): void => undefined;
  const limit = new Promise<void>((resolve) => {
    cancel = clock.after(milliseconds, resolve);
  });
  const ended = (): void => undefined;
  await Promise.race([work.then(ended, ended), limit]);
  cancel();
}
