import type { Calibration, CanaryRelease, ParsedSpec } from '../api/schema.ts';
import { toAnalysisSpec } from '../api/schema.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { RoutedRequest, WatchResult } from '../evidence/request.ts';
import { type Plan, planRelease } from '../judge/engine/plan-release.ts';
import { profileOf } from '../judge/engine/profile.ts';
import type { AnalysisSpec } from '../judge/spec.ts';
import { learntSpreads } from '../release/calibration.ts';
import type { WatchedPods } from './watched-pods.ts';

/** What is asked of the collector of evidence. */
export interface EvidenceCollector {
  watch(key: string, request: RoutedRequest): WatchResult;
  unwatch(key: string): void;
  evidence(key: string): Evidence | undefined;
}

/** Seconds of stable's past that a comparison knows. */
const historySeconds = 3600;

/** What the spec asks of a source, whatever pods there are. */
export function askedFor({ analysis }: ParsedSpec): Omit<RoutedRequest, 'namespace' | 'startedAt' | keyof WatchedPods> {
  return {
    from: analysis.source,
    source: analysis.prometheus.name,
    preset: analysis.preset,
    errorCodes: analysis.errors.codes,
    ignoreRoutes: analysis.routes.ignore,
    warmupSeconds: analysis.warmupSeconds,
    historySeconds,
    resources: (['cpu', 'memory'] as const).filter((signal) => analysis[signal].enabled),
    ...(analysis.custom.length === 0 ? {} : { custom: analysis.custom.map(({ name, query }) => ({ name, query })) }),
  };
}

/** What the judge is asked, with what releases so far taught. */
export function askedOf(spec: ParsedSpec, calibration: Calibration | undefined): AnalysisSpec {
  const podSpread = learntSpreads(calibration);
  return { ...toAnalysisSpec(spec), ...(podSpread === undefined ? {} : { podSpread }) };
}

/** undefined while too little is known. `canaryPods`: how many there will be, where there are none yet. */
export function planOf(evidence: Evidence, spec: AnalysisSpec, canaryPods?: number): Plan | undefined {
  const profile = profileOf(evidence, spec, canaryPods);
  return profile === null ? undefined : planRelease(profile, spec);
}

export function keyOf({ metadata }: CanaryRelease): string {
  return `${metadata.namespace}/${metadata.name}`;
}
