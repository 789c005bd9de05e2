import { conditionsFor } from '../api/conditions.ts';
import type { CanaryReleaseStatus } from '../api/schema.ts';
import { timestamp } from '../lib/timestamp.ts';
import { type PhaseState } from './draft.ts';
import type { Snapshot } from './snapshot.ts';

/** Phase, message and conditions: the last step of every decision, and the only place that writes them. */
export function finishStatus(status: CanaryReleaseStatus, snapshot: Snapshot, state: PhaseState): void {
  const { release, now } = snapshot;
  const before = release.status;
  if (before?.phase !== state.phase || status.phaseSince === undefined) status.phaseSince = timestamp(now);
  status.phase = state.phase;
  status.message = state.message;
  status.observedGeneration = release.metadata.generation ?? 0;
  status.conditions = conditionsFor({
    state,
    analysis: status.analysis,
    previous: before?.conditions ?? [],
    generation: release.metadata.generation ?? 0,
    now,
  });
}
