import { quarantineCanary, removeCanary } from './cleanup.ts';
import { type Draft, event, type PhaseState, record } from './draft.ts';
import { shortRevision } from './revision.ts';

/** Taken away because a person said so; the template stays rejected. */
export function abort(draft: Draft): PhaseState {
  record(draft, {
    verdict: 'Undecided',
    outcome: 'Aborted',
    reason: 'ByPerson',
    sentence: 'aborted by a person',
    ended: true,
  });
  event(draft, 'Warning', 'Aborted', 'RollBack', `${shortRevision(draft.facts.revision)} was aborted by a person`);
  return rollBack(draft, 'aborted by a person');
}

/** The version is worse: what follows is for the user to choose. */
export function reject(draft: Draft, reason: string, sentence: string): PhaseState {
  const { spec, facts, status, snapshot } = draft;
  const name = shortRevision(facts.revision);
  if (snapshot.release.status?.analysis?.verdict !== 'Regression')
    event(draft, 'Warning', 'RegressionFound', 'Judge', `${name}: ${sentence}`);
  status.analysis = { ...status.analysis, verdict: 'Regression', reason, sentence };
  if (spec.analysis.onRegression === 'Hold')
    return { phase: 'Held', reason: 'AwaitingPerson', message: sentence, awaitsPerson: true, regression: 'True' };
  record(draft, { verdict: 'Regression', outcome: 'RolledBack', reason, sentence, ended: true });
  return rollBack(draft, sentence);
}

/** The decision is in the ledger; the canary goes in the same pass. */
function rollBack(draft: Draft, sentence: string): PhaseState {
  const resourceVersion = draft.facts.target.metadata.resourceVersion ?? '';
  quarantineCanary(draft);
  removeCanary(draft);
  draft.actions.push({ kind: 'LabelTarget', value: 'rejected', resourceVersion });
  return { phase: 'RollingBack', reason: 'RollingBack', message: sentence };
}
