import { timestamp } from '../lib/timestamp.ts';
import type { CanaryReleaseStatus, Phase, StatusCondition } from './schema.ts';

/** Where a release stands; the conditions follow from it. */
export interface ConditionState {
  phase: Phase;
  /** Reason of Ready and Stalled where the phase leaves a choice. */
  reason: string;
  message: string;
  /** Held for a person, not for want of a verdict: that is progress and no failure. */
  awaitsPerson?: boolean;
  /** What is known of the version, where the phase leaves a choice. */
  regression?: 'True' | 'False' | 'Unknown';
  /** Invalid for now only: a missing target is waited for. */
  reconciling?: boolean;
}

export interface ConditionInput {
  state: ConditionState;
  analysis: CanaryReleaseStatus['analysis'] | undefined;
  previous: readonly StatusCondition[];
  /** metadata.generation of the CanaryRelease. */
  generation: number;
  /** Milliseconds since the epoch. */
  now: number;
}

type Truth = 'True' | 'False' | 'Unknown';
type Line = [status: Truth, reason: string, message: string];
interface Lines {
  ready: Line;
  reconciling: Line;
  stalled: Line;
  regression: Line;
}

/** Longest message of a condition, by the API. */
const longestMessage = 32768;

/**
 * All conditions of a CanaryRelease, always the same five, so that kstatus, `kubectl wait` and GitOps tools read one
 * state. lastTransitionTime moves only when the status of a condition changes. Conditions of other writers are kept.
 */
export function conditionsFor({ state, analysis, previous, generation, now }: ConditionInput): StatusCondition[] {
  const { ready, reconciling, stalled, regression } = linesFor(state);
  const lines: [string, Line][] = [
    ['Ready', ready],
    ['Reconciling', reconciling],
    ['Stalled', stalled],
    ['Regression', regression],
    ['EvidenceAvailable', evidenceLine(state, analysis)],
  ];
  const own = lines.map(([type, [status, reason, message]]): StatusCondition => {
    const before = previous.find((condition) => condition.type === type);
    const same = before?.status === status;
    return {
      type,
      status,
      reason,
      message: message.slice(0, longestMessage),
      lastTransitionTime: same ? before.lastTransitionTime : timestamp(now),
      observedGeneration: generation,
    };
  });
  return [...own, ...previous.filter(({ type }) => !lines.some(([known]) => known === type))];
}

function linesFor(state: ConditionState): Lines {
  switch (state.phase) {
    case 'Idle':
      return idle(state);
    case 'Held':
      return held(state);
    case 'Rejected':
      return rejected(state);
    case 'Suspended':
      return suspended(state);
    case 'Invalid':
      return state.reconciling === true ? waiting(state) : failed(state, 'Unknown');
    default:
      return underWay(state);
  }
}

function no(state: ConditionState): Line {
  return ['False', state.reason, ''];
}

function idle(state: ConditionState): Lines {
  const ready: Truth = state.reason === 'Stable' ? 'True' : 'False';
  return {
    ready: [ready, state.reason, state.message],
    reconciling: no(state),
    stalled: no(state),
    regression: ['False', state.reason, ''],
  };
}

function underWay({ phase, message }: ConditionState): Lines {
  return {
    ready: ['Unknown', phase, message],
    reconciling: ['True', phase, message],
    stalled: ['False', phase, ''],
    regression: ['Unknown', phase, ''],
  };
}

function awaiting(state: ConditionState, regression: Truth): Lines {
  const { reason, message } = state;
  return {
    ready: ['Unknown', reason, message],
    reconciling: ['True', reason, message],
    stalled: no(state),
    regression: regressionLine(state, regression),
  };
}

function held(state: ConditionState): Lines {
  const regression = state.regression ?? 'Unknown';
  return state.awaitsPerson === true ? awaiting(state, regression) : failed(state, regression);
}

/** An aborted version is held like a regression, but nobody showed that it is one. */
function rejected(state: ConditionState): Lines {
  return failed(state, state.regression ?? (state.reason === 'Aborted' ? 'Unknown' : 'True'));
}

function failed(state: ConditionState, regression: Truth): Lines {
  const { reason, message } = state;
  return {
    ready: ['False', reason, message],
    reconciling: no(state),
    stalled: ['True', reason, message],
    regression: regressionLine(state, regression),
  };
}

function suspended(state: ConditionState): Lines {
  const ready: Truth = state.reason === 'Held' ? 'False' : 'True';
  return {
    ready: [ready, state.reason, state.message],
    reconciling: no(state),
    stalled: no(state),
    regression: ['Unknown', state.reason, ''],
  };
}

function waiting(state: ConditionState): Lines {
  const { reason, message } = state;
  return {
    ready: ['False', reason, message],
    reconciling: ['True', reason, message],
    stalled: no(state),
    regression: ['Unknown', reason, ''],
  };
}

function regressionLine({ reason, message }: ConditionState, status: Truth): Line {
  if (status === 'True') return ['True', 'RegressionFound', message];
  return [status, reason, ''];
}

const lacking: readonly string[] = ['MetricsMissing', 'NoTraffic', 'SourceFailed'];
const withoutCanary: readonly Phase[] = ['Idle', 'Rejected', 'Suspended', 'Invalid'];

function evidenceLine({ phase }: ConditionState, analysis: ConditionInput['analysis']): Line {
  if (withoutCanary.includes(phase)) return ['Unknown', 'NoRelease', 'no release is running'];
  if (analysis === undefined) return ['Unknown', 'NotStarted', 'the comparison has not begun'];
  const { reason, sentence = '', requests, source, missing = [] } = analysis;
  if (reason !== undefined && lacking.includes(reason)) return ['False', reason, sentence];
  if (requests === undefined || (requests.stable === 0 && requests.canary === 0))
    return ['Unknown', 'NotStarted', 'waiting for the first samples'];
  const without = missing.length === 0 ? '' : `; not exported by stable: ${missing.join(', ')}`;
  const counts = `${requests.canary} requests on the canary, ${requests.stable} on stable`;
  const from = source === undefined ? '' : ` (${source})`;
  return ['True', 'Collecting', `${counts}${from}${without}`];
}
