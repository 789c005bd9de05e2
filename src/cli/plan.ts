import { type ParsedSpec, type PlannedStep, parseSpec } from '../api/schema.ts';
import { createCollector } from '../evidence/collector.ts';
import type { Evidence, FoundMetrics } from '../evidence/evidence.ts';
import { createPrometheusSource } from '../evidence/prometheus/client.ts';
import type { KubeApi } from '../kube/api.ts';
import { type Deployment, type Pod, type ReplicaSet, resources } from '../kube/object.ts';
import type { Clock } from '../lib/clock.ts';
import { formatDuration } from '../lib/duration.ts';
import { silentLogger } from '../lib/log.ts';
import { askedFor, askedOf, planOf as planFrom } from '../operator/asked.ts';
import { canaryReplicas } from '../release/clone.ts';
import { selectorText } from '../release/gather.ts';
import { deadlineSeconds, plannedSteps, shortfall } from '../release/planned.ts';
import { createdAt, isControlledBy, podsOf } from '../release/pods.ts';
import { CliError, exitCodes } from './exit.ts';
import { readRelease, requireTarget } from './read.ts';
import { type Release, targetNameOf } from './release.ts';
import { formatTable } from './table.ts';

/** What the next version would meet, without writing anything. */
export interface ReleasePlan {
  namespace: string;
  name: string;
  target: string;
  replicas: number;
  canary: { replicas: number; share: string };
  /** Where the figures come from: the operator's plan in status, or a Prometheus that was asked now. */
  from: 'status' | 'prometheus' | 'nothing';
  found?: FoundMetrics;
  canaryRequestsPerSecond?: number;
  steps: PlannedStep[];
  soak: string;
  deadline: string;
  /** What is in the way, each with its remedy. */
  warnings: string[];
}

export interface PlanRequest {
  namespace: string;
  name: string;
  /** A Prometheus that this machine reaches; absent: what the operator planned. */
  prometheusUrl?: string;
  /** Another share of the replicas than the spec's. */
  percent?: number;
}

/** Rounds of questions: detection, history, and the rest of it. */
const mostRounds = 6;

/** Reads, asks, computes; writes nothing. Throws CliError where a plan makes no sense. */
export async function planOf(api: KubeApi, clock: Clock, request: PlanRequest): Promise<ReleasePlan> {
  const { namespace, name } = request;
  const release = await readRelease(api, namespace, name);
  const spec = specOf(release, request.percent);
  const target = await requireTarget(api, release);
  const replicas = target.spec.replicas ?? 1;
  const pods = canaryReplicas(replicas, spec.canary);
  const measured = await measure(api, clock, request, { release, target, spec, pods });
  return {
    namespace,
    name,
    target: targetNameOf(release),
    replicas,
    ...planned(release, spec, measured),
    ...share(pods, replicas),
  };
}

function share(pods: number, replicas: number): Pick<ReleasePlan, 'canary'> {
  return { canary: { replicas: pods, share: `${Math.round((100 * pods) / Math.max(1, pods + replicas))}%` } };
}

function planned(
  { status }: Release,
  spec: ParsedSpec,
  measured: Measured | undefined,
): Omit<ReleasePlan, 'namespace' | 'name' | 'target' | 'replicas' | 'canary'> {
  const steps = measured?.steps ?? status?.analysis?.planned ?? [];
  const deadline = deadlineSeconds(spec, steps);
  const late = shortfall(steps, deadline);
  const said = [...(status?.warnings ?? []), ...(measured?.warnings ?? [])];
  return {
    from: fromOf(measured, steps),
    ...(measured === undefined ? {} : { found: measured.found, canaryRequestsPerSecond: measured.rate }),
    steps,
    soak: formatDuration(spec.analysis.minDurationSeconds),
    deadline: formatDuration(deadline),
    warnings: late === undefined ? said : [...said, late],
  };
}

function fromOf(measured: Measured | undefined, steps: readonly PlannedStep[]): ReleasePlan['from'] {
  if (measured !== undefined) return 'prometheus';
  return steps.length > 0 ? 'status' : 'nothing';
}

function specOf(release: Release, percent: number | undefined): ParsedSpec {
  const { replicas: _, ...canary } = (release.spec?.['canary'] ?? {}) as Record<string, unknown>;
  const wish = percent === undefined ? {} : { canary: { ...canary, percent } };
  const parsed = parseSpec({ ...release.spec, ...wish } as Parameters<typeof parseSpec>[0]);
  if (!('problems' in parsed)) return parsed.spec;
  const text = parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new CliError(exitCodes.unusable, `CanaryRelease ${release.metadata.name} is not valid: ${text}`);
}

interface Subject {
  release: Release;
  target: Deployment;
  spec: ParsedSpec;
  pods: number;
}

interface Measured {
  found: FoundMetrics;
  rate: number;
  steps: PlannedStep[];
  warnings: string[];
}

async function measure(
  api: KubeApi,
  clock: Clock,
  request: PlanRequest,
  { release, target, spec, pods }: Subject,
): Promise<Measured | undefined> {
  const { namespace, prometheusUrl } = request;
  if (prometheusUrl === undefined) return undefined;
  const stable = await stablePods(api, namespace, target);
  if (stable.length === 0)
    throw new CliError(
      exitCodes.unusable,
      `Deployment ${target.metadata.name} has no pod to look at`,
      'scale it up first',
    );
  const evidence = await evidenceOf(clock, request, spec, stable);
  const plan = planFrom(evidence, askedOf(spec, release.status?.calibration), pods);
  const { found } = evidence;
  const warnings = found.missing.map(
    (signal) => `${signal} is not exported by the pods of stable, and would not be judged`,
  );
  if (plan === undefined)
    return {
      found,
      rate: 0,
      steps: [],
      warnings: [...warnings, 'too little is known of the traffic of the last hour: is the service called?'],
    };
  return { found, rate: plan.canaryRequestsPerSecond, steps: plannedSteps(plan), warnings };
}

async function stablePods(api: KubeApi, namespace: string, target: Deployment): Promise<Pod[]> {
  const labelSelector = selectorText(target.spec.selector);
  const sets = await api.list<ReplicaSet>(resources.replicaSets, { namespace, labelSelector });
  const pods = await api.list<Pod>(resources.pods, { namespace, labelSelector });
  return podsOf(
    pods.items,
    sets.items.filter((set) => isControlledBy(set, target.metadata.uid)),
  );
}

async function evidenceOf(
  clock: Clock,
  { namespace, name, prometheusUrl = '' }: PlanRequest,
  spec: ParsedSpec,
  pods: Pod[],
): Promise<Evidence> {
  // Queries of the user's own have no past to plan by.
  const { custom: _, ...asked } = askedFor(spec);
  const source = createPrometheusSource({ name: asked.source, url: prometheusUrl, timeoutSeconds: 15 });
  const collector = createCollector({ sources: [source], clock, log: silentLogger });
  try {
    const watched = collector.watch(name, {
      ...asked,
      namespace,
      startedAt: clock.now(),
      canaryPods: [],
      stablePods: pods.map((pod) => ({ name: pod.metadata.name, startedAt: createdAt(pod) })),
    });
    if (!watched.ok) throw new CliError(exitCodes.failure, watched.problem.message);
    for (let round = 0; round < mostRounds; round += 1) {
      await collector.poll();
      const evidence = collector.evidence(name);
      if (evidence?.source.state === 'Failed')
        throw new CliError(
          exitCodes.failure,
          `${prometheusUrl}: ${evidence.source.message}`,
          'forward a port to it: kubectl -n monitoring port-forward svc/prometheus-operated 9090',
        );
      if (evidence?.history !== undefined) return evidence;
    }
    const message = `${prometheusUrl} has no metrics of the pods of ${namespace} that Tandem knows`;
    throw new CliError(exitCodes.unusable, message, 'see docs/reference/presets.md for the names it looks for');
  } finally {
    await collector.close();
  }
}

/** The plan for a person. */
export function formatPlan(plan: ReleasePlan): string {
  const { canary, found, canaryRequestsPerSecond: rate } = plan;
  const lines = [
    `${plan.namespace}/${plan.name}: what the next version of Deployment ${plan.target} would meet; nothing was written`,
    '',
    `Canary    ${canary.replicas} beside ${plan.replicas} pods of stable, ${canary.share} of short connections${rate === undefined ? '' : `, about ${Number(rate.toPrecision(3))} requests a second`}`,
    `Times     promoted not before ${plan.soak}, decided by ${plan.deadline}`,
    ...(found === undefined
      ? []
      : [`Metrics   ${found.source}${found.preset === undefined ? '' : ` (${found.preset})`}`]),
    ...Object.entries(found?.queries ?? {}).map(([signal, query]) => `  ${signal.padEnd(10)}${query}`),
  ];
  const steps = formatTable(
    ['IF', 'THEN', 'WITHIN (MEDIAN)'],
    plan.steps.map(({ what, answer, within }) => [
      answer === 'Pass' ? `${what} is as good as stable's` : what,
      answer === 'Pass' ? 'shown' : 'taken back',
      within,
    ]),
  );
  const none = 'No figures: the operator has planned nothing yet. Give --prometheus-url to ask a Prometheus now.\n';
  const warnings = plan.warnings.map((text) => `  ${text}\n`).join('');
  return `${lines.join('\n')}\n\n${plan.steps.length === 0 ? none : steps}${warnings === '' ? '' : `\nWarnings\n${warnings}`}`;
}
