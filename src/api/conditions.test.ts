import { describe, expect, it } from 'vitest';
import { type ConditionState, conditionsFor } from './conditions.ts';
import type { CanaryReleaseStatus, StatusCondition } from './schema.ts';

const now = Date.UTC(2026, 10, 20, 10);

function conditions(state: Partial<ConditionState>, analysis?: CanaryReleaseStatus['analysis']): StatusCondition[] {
  const whole: ConditionState = { phase: 'Idle', reason: 'Stable', message: 'because', ...state };
  return conditionsFor({ state: whole, analysis, previous: [], generation: 4, now });
}

function shortened(all: StatusCondition[]): Record<string, string> {
  return Object.fromEntries(all.map(({ type, status, reason }) => [type, `${status}/${reason}`]));
}

/** How kstatus reads conditions (cli-utils, generic): reconciling, then stalled, then ready. */
function kstatus(all: StatusCondition[]): string {
  const is = (type: string, status: string): boolean => all.some((c) => c.type === type && c.status === status);
  if (is('Reconciling', 'True')) return 'InProgress';
  if (is('Stalled', 'True')) return 'Failed';
  return is('Ready', 'True') ? 'Current' : 'InProgress';
}

describe('conditionsFor', () => {
  // The table of the design, row by row: Ready, Reconciling, Stalled, Regression, kstatus.
  it.each<[Partial<ConditionState>, string, string, string, string, string]>([
    [{}, 'True/Stable', 'False', 'False', 'False', 'Current'],
    [{ reason: 'NotArmed' }, 'False/NotArmed', 'False', 'False', 'False', 'InProgress'],
    [
      { phase: 'Starting', reason: 'CanaryBlocked' },
      'Unknown/Starting',
      'True/Starting',
      'False',
      'Unknown',
      'InProgress',
    ],
    [
      { phase: 'Analyzing', reason: 'Analyzing' },
      'Unknown/Analyzing',
      'True/Analyzing',
      'False',
      'Unknown',
      'InProgress',
    ],
    [
      { phase: 'Promoting', reason: 'Promoting' },
      'Unknown/Promoting',
      'True/Promoting',
      'False',
      'Unknown',
      'InProgress',
    ],
    [
      { phase: 'RollingBack', reason: 'RollingBack' },
      'Unknown/RollingBack',
      'True/RollingBack',
      'False',
      'Unknown',
      'InProgress',
    ],
    [
      { phase: 'Held', reason: 'AwaitingPerson', awaitsPerson: true, regression: 'False' },
      'Unknown/AwaitingPerson',
      'True/AwaitingPerson',
      'False',
      'False',
      'InProgress',
    ],
    [
      { phase: 'Held', reason: 'AwaitingPerson', awaitsPerson: true },
      'Unknown/AwaitingPerson',
      'True/AwaitingPerson',
      'False',
      'Unknown',
      'InProgress',
    ],
    [
      { phase: 'Held', reason: 'AwaitingPerson', awaitsPerson: true, regression: 'True' },
      'Unknown/AwaitingPerson',
      'True/AwaitingPerson',
      'False',
      'True/RegressionFound',
      'InProgress',
    ],
    [{ phase: 'Held', reason: 'Undecided' }, 'False/Undecided', 'False', 'True/Undecided', 'Unknown', 'Failed'],
    [
      { phase: 'Held', reason: 'PromotionStuck', regression: 'False' },
      'False/PromotionStuck',
      'False',
      'True/PromotionStuck',
      'False',
      'Failed',
    ],
    [
      { phase: 'Rejected', reason: 'RegressionFound' },
      'False/RegressionFound',
      'False',
      'True/RegressionFound',
      'True/RegressionFound',
      'Failed',
    ],
    [{ phase: 'Rejected', reason: 'Aborted' }, 'False/Aborted', 'False', 'True/Aborted', 'Unknown', 'Failed'],
    [{ phase: 'Suspended', reason: 'Suspended' }, 'True/Suspended', 'False', 'False', 'Unknown', 'Current'],
    [{ phase: 'Suspended', reason: 'Held' }, 'False/Held', 'False', 'False', 'Unknown', 'InProgress'],
    [
      { phase: 'Invalid', reason: 'InvalidSpec' },
      'False/InvalidSpec',
      'False',
      'True/InvalidSpec',
      'Unknown',
      'Failed',
    ],
    [
      { phase: 'Invalid', reason: 'GateUnavailable' },
      'False/GateUnavailable',
      'False',
      'True/GateUnavailable',
      'Unknown',
      'Failed',
    ],
    [
      { phase: 'Invalid', reason: 'TargetConflict' },
      'False/TargetConflict',
      'False',
      'True/TargetConflict',
      'Unknown',
      'Failed',
    ],
    [
      { phase: 'Invalid', reason: 'TargetNotFound', reconciling: true },
      'False/TargetNotFound',
      'True/TargetNotFound',
      'False',
      'Unknown',
      'InProgress',
    ],
    [
      { phase: 'Invalid', reason: 'TargetNotFound', reconciling: false },
      'False/TargetNotFound',
      'False',
      'True/TargetNotFound',
      'Unknown',
      'Failed',
    ],
  ])('%j', (state, ready, reconciling, stalled, regression, read) => {
    const all = conditions(state);
    const found = shortened(all);
    expect(found['Ready']).toBe(ready);
    expect(found['Reconciling']).toMatch(new RegExp(`^${reconciling}`));
    expect(found['Stalled']).toMatch(new RegExp(`^${stalled}`));
    expect(found['Regression']).toMatch(new RegExp(`^${regression}`));
    expect(kstatus(all)).toBe(read);
    expect(all.map(({ type }) => type)).toEqual(['Ready', 'Reconciling', 'Stalled', 'Regression', 'EvidenceAvailable']);
    for (const condition of all) expect(condition.reason).toMatch(/^[A-Z][A-Za-z]+$/);
  });

  it('says why where somebody looks: in Ready and in what is not as it should be', () => {
    const messages = Object.fromEntries(
      conditions({ phase: 'Rejected', reason: 'RegressionFound', message: 'p95 is 141 ms' }).map((c) => [
        c.type,
        c.message,
      ]),
    );
    expect(messages).toMatchObject({
      Ready: 'p95 is 141 ms',
      Reconciling: '',
      Stalled: 'p95 is 141 ms',
      Regression: 'p95 is 141 ms',
    });
  });

  it('moves lastTransitionTime only with the status', () => {
    const first = conditions({ phase: 'Starting', reason: 'Starting' });
    const state: ConditionState = { phase: 'Analyzing', reason: 'Analyzing', message: 'later' };
    const next = conditionsFor({ state, analysis: undefined, previous: first, generation: 5, now: now + 60_000 });
    const ready = next.find(({ type }) => type === 'Ready');
    expect(ready).toEqual({
      type: 'Ready',
      status: 'Unknown',
      reason: 'Analyzing',
      message: 'later',
      lastTransitionTime: '2026-11-20T10:00:00Z',
      observedGeneration: 5,
    });
    const idle: ConditionState = { phase: 'Idle', reason: 'Stable', message: 'done' };
    const end = conditionsFor({ state: idle, analysis: undefined, previous: next, generation: 5, now: now + 120_000 });
    const times = Object.fromEntries(end.map((condition) => [condition.type, condition.lastTransitionTime]));
    expect(times).toEqual({
      Ready: '2026-11-20T10:02:00Z',
      Reconciling: '2026-11-20T10:02:00Z',
      Stalled: '2026-11-20T10:00:00Z',
      Regression: '2026-11-20T10:02:00Z',
      EvidenceAvailable: '2026-11-20T10:00:00Z',
    });
  });

  it('keeps what other writers added', () => {
    const foreign: StatusCondition = {
      type: 'Audited',
      status: 'True',
      reason: 'Yes',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const state: ConditionState = { phase: 'Idle', reason: 'Stable', message: '' };
    const all = conditionsFor({ state, analysis: undefined, previous: [foreign], generation: 1, now });
    expect(all).toHaveLength(6);
    expect(all.at(-1)).toEqual(foreign);
  });
});

describe('EvidenceAvailable', () => {
  const requests = { stable: 100, canary: 30 };

  it.each<[string, Partial<ConditionState>, CanaryReleaseStatus['analysis'], string]>([
    ['before a release', {}, undefined, 'Unknown/NoRelease'],
    [
      'after a release, whose figures stay',
      { phase: 'Rejected', reason: 'RegressionFound' },
      { requests },
      'Unknown/NoRelease',
    ],
    ['before the comparison', { phase: 'Starting' }, undefined, 'Unknown/NotStarted'],
    ['before the first samples', { phase: 'Analyzing' }, { requests: { stable: 0, canary: 0 } }, 'Unknown/NotStarted'],
    ['with samples', { phase: 'Analyzing' }, { requests }, 'True/Collecting'],
    ['held with samples', { phase: 'Held', reason: 'Undecided' }, { requests }, 'True/Collecting'],
    ['without metrics', { phase: 'Analyzing' }, { requests, reason: 'MetricsMissing' }, 'False/MetricsMissing'],
    ['without traffic', { phase: 'Held', reason: 'Undecided' }, { requests, reason: 'NoTraffic' }, 'False/NoTraffic'],
    ['without an answer', { phase: 'Analyzing' }, { requests, reason: 'SourceFailed' }, 'False/SourceFailed'],
  ])('%s', (_, state, analysis, expected) => {
    expect(shortened(conditions(state, analysis))['EvidenceAvailable']).toBe(expected);
  });

  it('names the source and what is missing, and passes on the remedy', () => {
    const known = { requests, source: 'Pods+Prometheus', missing: ['cpu', 'memory'] };
    const collecting = conditions({ phase: 'Analyzing' }, known).at(-1);
    expect(collecting?.message).toBe(
      '30 requests on the canary, 100 on stable (Pods+Prometheus); not exported by stable: cpu, memory',
    );
    const failed = conditions({ phase: 'Analyzing' }, { reason: 'NoTraffic', sentence: 'limit their lifetime' }).at(-1);
    expect(failed?.message).toBe('limit their lifetime');
  });
});
