import type { CanaryRelease, CanaryReleaseStatus } from '../api/schema.ts';
import { type Draft, event, type PhaseState } from './draft.ts';
import { deadlineSeconds, plannedSteps, shortfall } from './planned.ts';

/** Writes down, once, what the next release would meet at stable's traffic, while none has run. */
export function foresee({ phase, reason }: PhaseState, draft: Draft): void {
  const { spec, status, snapshot } = draft;
  if (phase !== 'Idle' || reason !== 'Stable' || status.analysis !== undefined) return;
  if (snapshot.plan === undefined) return;
  const planned = plannedSteps(snapshot.plan);
  const late = shortfall(planned, deadlineSeconds(spec, planned));
  status.analysis = { planned, ...(late === undefined ? {} : { warnings: [late] }) };
  if (late !== undefined) event(draft, 'Warning', 'EvidenceTooSlow', 'Plan', late);
}

/** What was foreseen under another spec is planned anew; what a release measured stays. */
export function forgetForeseen(status: CanaryReleaseStatus, { metadata }: CanaryRelease): void {
  const { analysis, observedGeneration } = status;
  const isForeseen = analysis?.planned !== undefined && analysis.verdict === undefined && analysis.since === undefined;
  if (isForeseen && observedGeneration !== (metadata.generation ?? 0)) delete status.analysis;
}
