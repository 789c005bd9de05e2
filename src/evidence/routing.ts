import type { Collector } from './collector.ts';
import type { Evidence } from './evidence.ts';
import type { PodsCollector } from './pods/collector.ts';
import type { RoutedRequest, WatchResult } from './request.ts';

/** All sources behind one face: each release is asked of the one that its spec names. */
export interface EvidenceSources {
  /** Watches a release, or takes over a changed list of pods. A problem leaves the release unwatched. */
  watch(key: string, request: RoutedRequest): WatchResult;
  unwatch(key: string): void;
  /** What is known now; undefined for a release that is not watched. */
  evidence(key: string): Evidence | undefined;
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
}

export function createEvidenceSources({ prometheus, pods, hasPrometheus }: SourcesOptions): EvidenceSources {
  const routes = new Map<string, Collector | PodsCollector>();

  function routeOf({ from }: RoutedRequest): Collector | PodsCollector | undefined {
    if (from === 'Auto') return hasPrometheus ? prometheus : (pods ?? prometheus);
    return from === 'Pods' ? pods : prometheus;
  }

  function unwatch(key: string): void {
    routes.get(key)?.unwatch(key);
    routes.delete(key);
  }

  return {
    watch: (key, request) => {
      const route = routeOf(request);
      if (routes.get(key) !== route) unwatch(key);
      if (route === pods && (request.custom ?? []).length > 0) {
        const message = 'analysis.custom: queries are asked of a Prometheus; name one, and write source: Prometheus';
        return { ok: false, problem: { reason: 'InvalidCustom', message } };
      }
      if (route === undefined) {
        const message = 'analysis.source: this operator scrapes no pods; write Prometheus';
        return { ok: false, problem: { reason: 'UnknownSource', message } };
      }
      routes.set(key, route);
      return route.watch(key, request);
    },
    unwatch,
    evidence: (key) => routes.get(key)?.evidence(key),
    onUpdate: (handler) => {
      prometheus.onUpdate(handler);
      pods?.onUpdate(handler);
    },
    run: async (signal, intervalMs) => {
      await Promise.all([prometheus.run(signal, intervalMs), pods?.run(signal)]);
    },
    close: async () => {
      await Promise.all([prometheus.close(), pods?.close()]);
    },
  };
}
