import type { z } from 'zod';
import { compileQuery } from '../evidence/custom/template.ts';
import type { AnalysisSpec, CustomMetricSpec } from '../judge/spec.ts';
import { parseDuration } from '../lib/duration.ts';
import { parsePercent } from '../lib/percent.ts';
import { type SpecOutput, spec as specSchema } from './spec-schema.ts';

/** A mistake in a spec: where it is, what is wrong and how to mend it. */
export interface SpecProblem {
  /** `spec.analysis.latency.quantiles[1]` */
  path: string;
  message: string;
}

interface Tolerated {
  enabled: boolean;
  /** Fraction of 1. */
  tolerance: number;
}

/** A spec with its defaults, durations in seconds and tolerances as fractions of 1. */
export interface ParsedSpec {
  targetRef: { apiVersion: string; kind: string; name: string };
  gate: 'Admission' | 'Paused';
  suspend: boolean;
  promotion: 'Automatic' | 'Manual';
  canary: {
    /** Percent, 1 to 50. At most one of percent and replicas is set; neither means 10 percent. */
    percent?: number;
    replicas?: number;
    /** A fresh pod of stable runs beside the canary as its control. */
    baseline: boolean;
    startDeadlineSeconds: number;
    env: { track: string; version: string };
    quarantineSeconds: number;
  };
  analysis: {
    source: 'Auto' | 'Prometheus' | 'Pods';
    prometheus: { name: string };
    preset: string;
    minDurationSeconds: number;
    deadlineSeconds: number | 'Auto';
    onUndecided: 'Promote' | 'Hold' | 'Rollback';
    onRegression: 'Rollback' | 'Hold' | 'Report';
    /** Fraction of 1. */
    falseRollbackRate: number;
    warmupSeconds: number;
    /** `codes` are regular expressions of a whole status code. */
    errors: Tolerated & { newClasses: boolean; codes: string[] };
    latency: Tolerated & {
      /** Between 0 and 1, both excluded. */
      quantiles: number[];
      absoluteToleranceSeconds: number;
      slowThresholdSeconds: number | null;
    };
    cpu: Tolerated;
    memory: Tolerated;
    routes: { ignore: string[] };
    custom: (CustomMetricSpec & { query: string })[];
  };
}

/**
 * Reads `spec` of a CanaryRelease as it came from the API: applies the defaults, also where an older CRD left them
 * out, and finds what the API server cannot see. Unknown fields are ignored. Never throws.
 */
export function parseSpec(raw: unknown): { spec: ParsedSpec } | { problems: SpecProblem[] } {
  const result = specSchema.safeParse(raw ?? {});
  if (!result.success) return { problems: result.error.issues.map(problemOf) };
  const problems = hiddenProblems(result.data);
  return problems.length > 0 ? { problems } : { spec: plain(result.data) };
}

function problemOf(issue: z.core.$ZodIssue): SpecProblem {
  return { path: pathOf(issue.path), message: messageOf(issue) };
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is required';
  return issue.message;
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (all, key) => (typeof key === 'number' ? `${all}[${key}]` : `${all}.${String(key)}`),
    'spec',
  );
}

function hiddenProblems({ analysis }: SpecOutput): SpecProblem[] {
  const codes = analysis.errors.codes.flatMap((code, index) => {
    const message = regexProblem(code);
    return message === undefined ? [] : [{ path: `spec.analysis.errors.codes[${index}]`, message }];
  });
  const quantiles = analysis.latency.quantiles.flatMap((quantile, index) => {
    const value = Number(quantile);
    if (value > 0 && value < 1) return [];
    const message = `${JSON.stringify(quantile)} is not between 0 and 1: write for example "0.95" for p95`;
    return [{ path: `spec.analysis.latency.quantiles[${index}]`, message }];
  });
  return [...codes, ...quantiles, ...customProblems(analysis)];
}

function customProblems({ source, custom = [] }: SpecOutput['analysis']): SpecProblem[] {
  if (source !== 'Pods' || custom.length === 0) return custom.flatMap(queryProblem);
  const message = 'custom metrics are queries to a Prometheus: write source: Prometheus, or remove them';
  return [{ path: 'spec.analysis.custom', message }];
}

function queryProblem({ query }: { query: string }, index: number): SpecProblem[] {
  const compiled = compileQuery(query);
  if (!('problem' in compiled)) return [];
  const { position, message } = compiled.problem;
  return [{ path: `spec.analysis.custom[${index}].query`, message: `at character ${position}: ${message}` }];
}

/** Prometheus reads RE2, which has neither look-around nor back references. */
function regexProblem(source: string): string | undefined {
  const quoted = JSON.stringify(source);
  if (/\(\?[=!<]|\\[1-9]/.test(source))
    return `${quoted} uses look-around or a back reference, which Prometheus does not know`;
  try {
    new RegExp(`^(?:${source})$`, 'u');
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^.*\/: /, '') : String(error);
    return `${quoted} is not a regular expression (${why}): write for example "5.." or "499|5.."`;
  }
}

function plain(spec: SpecOutput): ParsedSpec {
  const { canary, analysis } = spec;
  const { percent, replicas, env } = canary;
  return {
    targetRef: spec.targetRef,
    gate: spec.gate,
    suspend: spec.suspend,
    promotion: spec.promotion,
    canary: {
      ...(percent === undefined ? {} : { percent }),
      ...(replicas === undefined ? {} : { replicas }),
      baseline: canary.baseline,
      startDeadlineSeconds: parseDuration(canary.startDeadline),
      env,
      quarantineSeconds: parseDuration(canary.quarantine),
    },
    analysis: plainAnalysis(analysis),
  };
}

function plainAnalysis(analysis: SpecOutput['analysis']): ParsedSpec['analysis'] {
  const { errors, latency, cpu, memory } = analysis;
  return {
    source: analysis.source,
    prometheus: analysis.prometheus,
    preset: analysis.preset,
    minDurationSeconds: parseDuration(analysis.minDuration),
    deadlineSeconds: analysis.deadline === 'Auto' ? 'Auto' : parseDuration(analysis.deadline),
    onUndecided: analysis.onUndecided,
    onRegression: analysis.onRegression,
    falseRollbackRate: parsePercent(analysis.falseRollbackRate),
    warmupSeconds: parseDuration(analysis.warmup),
    errors: { ...tolerated(errors), newClasses: errors.newClasses, codes: [...new Set(errors.codes)] },
    latency: {
      ...tolerated(latency),
      quantiles: [...new Set(latency.quantiles.map(Number))],
      absoluteToleranceSeconds: parseDuration(latency.absoluteTolerance),
      slowThresholdSeconds: latency.slowThreshold === 'Auto' ? null : parseDuration(latency.slowThreshold),
    },
    cpu: tolerated(cpu),
    memory: tolerated(memory),
    routes: analysis.routes,
    custom: (analysis.custom ?? []).map((metric) => ({ ...metric, tolerance: parsePercent(metric.tolerance) })),
  };
}

function tolerated({ enabled, tolerance }: { enabled: boolean; tolerance: string }): Tolerated {
  return { enabled, tolerance: parsePercent(tolerance) };
}

function judgedPart({ name, worse, tolerance, critical }: CustomMetricSpec): CustomMetricSpec {
  return { name, worse, tolerance, critical };
}

/** What the judge needs of a spec. */
export function toAnalysisSpec({ analysis }: ParsedSpec): AnalysisSpec {
  const { enabled, tolerance, newClasses } = analysis.errors;
  return {
    minDurationSeconds: analysis.minDurationSeconds,
    warmupSeconds: analysis.warmupSeconds,
    falseRollbackRate: analysis.falseRollbackRate,
    errors: { enabled, tolerance, newClasses },
    latency: analysis.latency,
    cpu: analysis.cpu,
    memory: analysis.memory,
    ...(analysis.custom.length === 0 ? {} : { custom: analysis.custom.map(judgedPart) }),
  };
}
