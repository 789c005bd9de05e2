import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Collector } from './collector.ts';
import type { Evidence } from './evidence.ts';
import type { PodsCollector } from './pods/collector.ts';
import { composeEvidence } from './pods/compose.ts';
import { fallbackReason } from './pods/lane.ts';
import { LATE_MS } from './pods/watch.ts';
import { allPods, type ResourceSignal, type RoutedRequest, type WatchResult } from './request.ts';
import type { Usage, UsageCollector } from './resources/collector.ts';
import { lacking, withUsage } from './resources/compose.ts';

/** All sources behind one face: each release is asked of the source, or of both, that its spec names. */
export interface EvidenceSources {
  /** Watches a release, or takes over a changed list of pods. A problem leaves the release unwatched. */
  watch(key: string, request: RoutedRequest): WatchResult;
  unwatch(key: string): void;
  /** What is known now; undefined for a release that is not watched. */
  evidence(key: string): Evidence | undefined;
  /** Called after each round of a source for each release of it. */
  onUpdate(handler: (key: string) => void): void;
  run(signal: AbortSignal, intervalMs?: number): Promise<void>;
  close(): Promise<void>;
}

export interface SourcesOptions {
  prometheus: Collector;
  /** undefined: no pod is ever scraped. */
  pods: PodsCollector | undefined;
  /** Whether there is a Prometheus at all. */
  hasPrometheus: boolean;
  /** CPU and memory where neither has them; absent: they are missing then. */
  usage?: UsageCollector;
  clock: Clock;
  log: Logger;
}

/**
 * Which sources carry a release. `Both` is the fast lane; from it a release may fall back to Prometheus, once and for the
 * rest of its run, so that no counter is ever continued by another source's.
 */
interface Route {
  /** What it was decided for; the pods are those of the last call. */
  request: RoutedRequest;
  lane: 'Pods' | 'Prometheus' | 'Both';
  /** Why the pods are left out. */
  warning: string | undefined;
  composed: { pods: Evidence; prometheus: Evidence | undefined; evidence: Evidence } | undefined;
  /** With CPU and memory from metrics.k8s.io. */
  used: { plain: Evidence; version: number; evidence: Evidence } | undefined;
}

export function createEvidenceSources(options: SourcesOptions): EvidenceSources {
  const { prometheus, pods, hasPrometheus, usage, clock, log } = options;
  const routes = new Map<string, Route>();

  function start(request: RoutedRequest): Route {
    const { from, startedAt, custom = [] } = request;
    const empty = { warning: undefined, composed: undefined, used: undefined };
    const route: Route = { request, lane: 'Prometheus', ...empty };
    if (from === 'Prometheus' || (from === 'Auto' && pods === undefined)) return route;
    if (from === 'Pods' || !hasPrometheus) return { ...route, lane: 'Pods' };
    if (custom.length > 0)
      return { ...route, warning: fallenBack('custom metrics are read at the pace of Prometheus') };
    // What was scraped before a restart is gone; Prometheus has all of it.
    if (clock.now() - startedAt > LATE_MS) {
      return { ...route, warning: fallenBack('the operator started in the middle of the comparison') };
    }
    return { ...route, lane: 'Both' };
  }

  function watch(key: string, request: RoutedRequest): WatchResult {
    const before = routes.get(key);
    const same = before?.request.startedAt === request.startedAt && before.request.from === request.from;
    if (!same) unwatch(key);
    const route = same ? before : start(request);
    route.request = request;
    routes.set(key, route);
    if (route.lane === 'Prometheus') return prometheus.watch(key, request);
    if ((request.custom ?? []).length > 0) {
      const message = 'analysis.custom: queries are asked of a Prometheus; name one, and write source: Prometheus';
      return { ok: false, problem: { reason: 'InvalidCustom', message } };
    }
    if (pods === undefined) {
      const message = 'analysis.source: this operator scrapes no pods; write Prometheus';
      return { ok: false, problem: { reason: 'UnknownSource', message } };
    }
    if (route.lane === 'Pods') return pods.watch(key, request);
    const asked = prometheus.watch(key, request);
    const scraped = asked.ok ? pods.watch(key, request) : asked;
    if (asked.ok && !scraped.ok) fallBack(key, route, scraped.problem.message);
    return asked;
  }

  function unwatch(key: string): void {
    prometheus.unwatch(key);
    pods?.unwatch(key);
    usage?.leave(key);
    routes.delete(key);
  }

  function fallBack(key: string, route: Route, reason: string): void {
    route.lane = 'Prometheus';
    route.warning = fallenBack(reason);
    route.composed = undefined;
    pods?.unwatch(key);
    log.warn({ key, reason }, 'Pods cannot be scraped, Prometheus alone from now on');
  }

  /** After each round of the pods: is the fast lane still open? */
  function check(key: string): void {
    const route = routes.get(key);
    const health = pods?.health(key);
    if (route?.lane !== 'Both' || health === undefined) return;
    const reason = fallbackReason(health, pods?.evidence(key), prometheus.evidence(key));
    if (reason !== undefined) fallBack(key, route, reason);
  }

  /** What the sources lack of CPU and memory is asked of metrics.k8s.io, and nothing else is. */
  function askUsage(key: string): void {
    const route = routes.get(key);
    const plain = plainEvidence(key);
    if (usage === undefined || route === undefined || plain === undefined || plain.source.state === 'Failed') return;
    if (lacking(plain, route.request.resources).length === 0) return usage.leave(key);
    const names = allPods(route.request).map(({ name }) => name);
    usage.want(key, route.request.namespace, names);
  }

  function evidence(key: string): Evidence | undefined {
    const plain = plainEvidence(key);
    const route = routes.get(key);
    const known = usage?.usage(key);
    if (plain === undefined || route === undefined || known === undefined) return plain;
    const signals = lacking(plain, route.request.resources);
    return signals.length === 0 ? plain : withFigures(route, plain, known, signals);
  }

  function plainEvidence(key: string): Evidence | undefined {
    const route = routes.get(key);
    if (route?.lane === 'Pods') return pods?.evidence(key);
    const asked = named(prometheus.evidence(key), route?.warning);
    if (route?.lane !== 'Both') return asked;
    const scraped = pods?.evidence(key);
    return scraped === undefined ? asked : composed(route, scraped, prometheus.evidence(key));
  }

  pods?.onUpdate(check);
  prometheus.onUpdate(askUsage);
  pods?.onUpdate(askUsage);
  return {
    watch,
    unwatch,
    evidence,
    onUpdate: (handler) => {
      prometheus.onUpdate(handler);
      pods?.onUpdate(handler);
    },
    run: async (signal, intervalMs) => {
      await Promise.all([prometheus.run(signal, intervalMs), pods?.run(signal), usage?.run(signal)]);
    },
    close: async () => {
      await Promise.all([prometheus.close(), pods?.close()]);
    },
  };
}

function fallenBack(reason: string): string {
  return `Prometheus alone is asked, the pods are not scraped: ${reason}`;
}

/** Status names the kind of source: which Prometheus stands in the spec. */
function named(evidence: Evidence | undefined, warning: string | undefined): Evidence | undefined {
  if (evidence === undefined) return undefined;
  const warnings = warning === undefined ? {} : { warnings: [warning] };
  return { ...evidence, found: { ...evidence.found, source: 'Prometheus', ...warnings } };
}

/** The same object while nothing came. */
function withFigures(route: Route, plain: Evidence, usage: Usage, signals: readonly ResourceSignal[]): Evidence {
  const { version } = usage;
  if (route.used?.plain !== plain || route.used.version !== version)
    route.used = { plain, version, evidence: withUsage(plain, usage, signals) };
  return route.used.evidence;
}

/** The same object while nothing came. */
function composed(route: Route, pods: Evidence, prometheus: Evidence | undefined): Evidence {
  const known = route.composed;
  if (known?.pods === pods && known.prometheus === prometheus) return known.evidence;
  const evidence = composeEvidence(pods, named(prometheus, undefined));
  route.composed = { pods, prometheus, evidence };
  return evidence;
}
