import type { ParsedSpec, PlannedStep } from '../api/schema.ts';
import type { Plan, PlanStep } from '../judge/engine/plan-release.ts';
import { formatDuration, parseDuration } from '../lib/duration.ts';

/** Bounds of a deadline that is not given. */
const autoDeadline = { least: 30 * 60, most: 2 * 3600 };
/** Times are medians: half of the releases need longer. */
const allowance = 1.25;
/** An automatic deadline is a multiple of this. */
const grain = 300;
/** Longer than this is never, for a person. */
const mostSeconds = 30 * 86_400;

/** A plan as status keeps it; empty where there is none yet. */
export function plannedSteps(plan: Plan | undefined): PlannedStep[] {
  return (plan?.steps ?? []).map(({ what, answer, seconds }) => ({
    what,
    answer,
    within: seconds <= mostSeconds ? formatDuration(Math.ceil(seconds)) : 'never',
  }));
}

/** The plan that status keeps. */
function stepsOf(planned: readonly PlannedStep[]): PlanStep[] {
  return planned.map(({ what, answer, within }) => ({
    what,
    answer,
    seconds: within === 'never' ? Infinity : parseDuration(within),
  }));
}

/**
 * Seconds until an answer is due: as given, or long enough for what was planned, within 30 minutes and 2 hours and not
 * less than twice the soak.
 */
export function deadlineSeconds({ analysis }: ParsedSpec, planned: readonly PlannedStep[] = []): number {
  const { deadlineSeconds: given, minDurationSeconds: soak, warmupSeconds } = analysis;
  if (given !== 'Auto') return given;
  const needed = Math.max(0, ...stepsOf(planned).map(({ seconds }) => (Number.isFinite(seconds) ? seconds : 0)));
  const most = Math.max(autoDeadline.most, soak + warmupSeconds);
  const wanted = Math.max(autoDeadline.least, 2 * soak, Math.ceil((allowance * needed) / grain) * grain);
  return Math.min(wanted, most);
}

/** What a release can be expected to answer; a harm below what counts takes for ever at any traffic. */
const expected: readonly string[] = ['0.5 % new errors', 'latency x1.5'];

/** Said when evidence cannot arrive by the deadline, with the remedy; undefined when it can. */
export function shortfall(planned: readonly PlannedStep[], deadline: number): string | undefined {
  const late = stepsOf(planned).filter(({ seconds }) => seconds > deadline);
  const proofs = late.filter(({ answer }) => answer === 'Pass');
  const harms = late.filter(({ what, seconds }) => expected.includes(what) && Number.isFinite(seconds));
  if (proofs.length === 0 && harms.length === 0) return undefined;
  const parts = [
    ...(proofs.length > 0 ? [`a good version is proven ${worst(proofs)}`] : []),
    ...harms.map((harm) => `${harm.what} would show ${when(harm)}`),
  ];
  return `evidence cannot arrive in time: at this traffic ${parts.join(', ')}, and the deadline is ${formatDuration(deadline)}; raise analysis.deadline or canary.percent, widen the tolerance of what is slow, or let a load generator call the service`;
}

function worst(proofs: readonly PlanStep[]): string {
  const slowest = proofs.reduce((a, b) => (b.seconds > a.seconds ? b : a));
  return `${when(slowest)} (${slowest.what})`;
}

function when({ seconds }: PlanStep): string {
  if (!Number.isFinite(seconds)) return 'never';
  const rounded = seconds >= 7200 ? Math.round(seconds / 3600) * 3600 : Math.ceil(seconds / 60) * 60;
  return `after ${formatDuration(rounded)}`;
}
