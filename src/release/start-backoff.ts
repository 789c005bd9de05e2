import { timestamp } from '../lib/timestamp.ts';
import { type Draft, type PhaseState, wake } from './draft.ts';
import { shortRevision } from './revision.ts';

/** As a kubelet waits between two starts of a container, and longer: a canary takes room and requests. */
const firstSeconds = 30;
const mostSeconds = 600;
/** So many canaries taken away in vain are no accident: a person must act. */
const fewAttempts = 3;

/** The canary is taken away although the version did nothing wrong: the next one waits, twice as long each time. */
export function backOff({ status, snapshot, facts }: Draft): void {
  const before = status.canaryBackoff;
  const attempts = (before?.attempts ?? 0) + 1;
  const seconds = Math.min(mostSeconds, firstSeconds * 2 ** Math.min(attempts - 1, 10));
  const startsAgain = timestamp(snapshot.now + seconds * 1000);
  status.canaryBackoff = { revision: shortRevision(facts.revision), attempts, startsAgain };
}

/** Where the release stands until its next canary may start; undefined: it may. */
export function backingOff(draft: Draft): PhaseState | undefined {
  const { status, snapshot } = draft;
  if (status.canaryBackoff === undefined) return undefined;
  const { attempts, startsAgain } = status.canaryBackoff;
  const remaining = Date.parse(startsAgain) - snapshot.now;
  // Longer than any pause that is written down: the clock that wrote it was ahead.
  if (!(remaining > 0) || remaining > mostSeconds * 1000) return undefined;
  wake(draft, Date.parse(startsAgain));
  const why = status.analysis?.sentence ?? 'the pods of stable fail just so';
  const message = `${why}; taken away ${attempts} times, the canary starts again at ${startsAgain}: mend stable, or kubectl tandem promote`;
  if (attempts < fewAttempts) return { phase: 'Starting', reason: 'CanaryBlocked', message };
  return { phase: 'Held', reason: 'Undecided', message, regression: 'Unknown' };
}

/** It is remembered for the template that waits, and for no other. */
export function forgetBackoff({ status, facts }: Draft): void {
  const isOther = status.canaryBackoff?.revision !== shortRevision(facts.revision);
  if (isOther || facts.gate === 'armed' || facts.gate === 'open') delete status.canaryBackoff;
}
