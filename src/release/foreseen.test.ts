import { describe, expect, it } from 'vitest';
import { API_VERSION, KIND } from '../api/names.ts';
import { type CanaryReleaseStatus, parseSpec } from '../api/schema.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Snapshot } from './snapshot.ts';
import { deployment, replicaSet, START } from './testing/objects.ts';

function decided(plan: Snapshot['plan'], status: Partial<CanaryReleaseStatus> = {}, armed = true): Decision {
  const target = deployment('shop', 'v1');
  target.metadata.labels = armed ? { 'tandem.dev/gate': 'armed' } : {};
  const spec = { targetRef: { name: 'shop' } };
  const parsed = parseSpec(spec);
  const metadata = { name: 'checkout', namespace: 'shop', uid: 'release', generation: 2 };
  return decide({
    now: START,
    release: { apiVersion: API_VERSION, kind: KIND, metadata, spec, status: { observedGeneration: 2, ...status } },
    spec: 'problems' in parsed ? parsed : parsed.spec,
    target,
    replicaSets: [replicaSet('shop-1', 'v1', 3, target)],
    pods: [],
    canary: undefined,
    canaryReplicaSets: [],
    canaryPods: [],
    baseline: undefined,
    baselinePods: [],
    quarantined: [],
    gate: { offered: 'Admission', proof: { state: 'Proven', at: START } },
    surroundings: { namesakes: [], claims: {}, drivers: [], serviceSelects: true, configVersions: {}, unreadable: [] },
    measurement: undefined,
    plan,
  });
}

const planOf = (seconds: number): NonNullable<Snapshot['plan']> => ({
  canaryRequestsPerSecond: 1,
  steps: [{ what: 'errors', answer: 'Pass', seconds }],
});
const planned = [{ what: 'errors', answer: 'Pass' as const, within: '10m' }];

describe('a plan while no release has run', () => {
  it('is kept, and without a word where evidence can arrive', () => {
    const { status, events } = decided(planOf(600));
    expect(status.phase).toBe('Idle');
    expect(status.analysis).toEqual({ planned });
    expect(events).toEqual([]);
  });

  it('is said where evidence cannot arrive, once', () => {
    const { status, events } = decided(planOf(100_000));
    expect(status.analysis?.warnings?.[0]).toMatch(/^evidence cannot arrive in time: /);
    expect(events).toMatchObject([{ type: 'Warning', reason: 'EvidenceTooSlow', action: 'Plan' }]);
    const again = decided(planOf(100_000), status);
    expect(again.status.analysis).toEqual(status.analysis);
    expect(again.events).toEqual([]);
  });

  it('waits for the gate', () => {
    expect(decided(planOf(600), {}, false).status.analysis).toBeUndefined();
  });

  it('goes with the spec that it was made for', () => {
    const before = { observedGeneration: 1, analysis: { planned } };
    expect(decided(undefined, before).status.analysis).toBeUndefined();
    expect(decided(planOf(60), before).status.analysis?.planned?.[0]?.within).toBe('1m');
  });

  it('leaves what a release measured', () => {
    const analysis = { planned, verdict: 'Pass' as const, since: '2026-01-01T00:00:00Z' };
    expect(decided(planOf(60), { observedGeneration: 1, analysis }).status.analysis).toEqual(analysis);
  });
});
