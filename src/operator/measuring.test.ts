import { describe, expect, it } from 'vitest';
import { API_VERSION, KIND, REVISION_ANNOTATION } from '../api/names.ts';
import { type CanaryReleaseStatus, parseSpec } from '../api/schema.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { EvidenceRequest } from '../evidence/request.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { Deployment, Pod } from '../kube/object.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import type { Snapshot } from '../release/snapshot.ts';
import { deployment, iso, pod, replicaSet, START } from '../release/testing/objects.ts';
import { createMeasuring } from './measuring.ts';

const target = deployment('shop', 'v2');
const stable = replicaSet('shop-1', 'v1', 3, target);

function track(name: string): Deployment {
  const object = deployment(name, 'v2');
  object.metadata.annotations = { [REVISION_ANNOTATION]: 'abc' };
  object.metadata.ownerReferences = [
    { apiVersion: API_VERSION, kind: KIND, name: 'checkout', uid: 'release', controller: true },
  ];
  return object;
}

function owned(name: string): Pod {
  const object = pod(name);
  object.metadata.ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'shop-1', uid: stable.metadata.uid ?? '', controller: true },
  ];
  return object;
}

function snapshotOf(status: CanaryReleaseStatus, pods: { canary: string[]; baseline: string[] }): Snapshot {
  const parsed = parseSpec({ targetRef: { name: 'shop' } });
  return {
    now: START + 60_000,
    release: {
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: { name: 'checkout', namespace: 'shop', uid: 'release' },
      spec: { targetRef: { name: 'shop' } },
      status,
    },
    spec: 'problems' in parsed ? parsed : parsed.spec,
    target,
    replicaSets: [stable],
    pods: [owned('s-1')],
    canary: track('shop-canary'),
    canaryReplicaSets: [],
    canaryPods: pods.canary.map((name) => pod(name)),
    baseline: pods.baseline.length === 0 ? undefined : track('shop-baseline'),
    baselinePods: pods.baseline.map((name) => pod(name)),
    quarantined: [],
    gate: { offered: 'Admission', proof: { state: 'Unproven' } },
    surroundings: { namesakes: [], claims: {}, drivers: [], serviceSelects: true, configVersions: {}, unreadable: [] },
    measurement: undefined,
  };
}

const canary = { revision: 'abc', images: [], replicas: 1, ready: 1, since: iso(30) };
const analysing: CanaryReleaseStatus = { observedGeneration: 1, phase: 'Analyzing', canary };
const evidence: Evidence = {
  startedAt: START + 30_000,
  scrapeSeconds: 15,
  boundsSeconds: [],
  canary: ['c-1'],
  stable: ['s-1'],
  run: { scrapes: 0, pods: {} },
  found: { source: 'default', queries: {}, missing: [] },
  source: { state: 'Collecting', at: START },
};
const verdict: Verdict = {
  verdict: 'Undecided',
  sentence: '',
  requests: { stable: 0, canary: 0 },
  metrics: [],
  missing: [],
  warnings: [],
  weakPass: false,
  traffic: false,
};

/** Measures a release and returns what was asked for and what was judged. */
function measured(status: CanaryReleaseStatus, pods = { canary: ['c-1'], baseline: ['b-1'] }) {
  const asked: EvidenceRequest[] = [];
  const judged: Evidence[] = [];
  const judges: number[] = [];
  const measuring = createMeasuring({
    collector: {
      watch: (_, request) => {
        asked.push(request);
        return { ok: true };
      },
      unwatch: () => undefined,
      evidence: () => evidence,
    },
    createJudge: () => {
      judges.push(judges.length);
      return (given) => {
        judged.push(given);
        return verdict;
      };
    },
    clock: createFakeClock(START + 60_000),
    foresight: { follow: () => undefined, leave: () => undefined },
  });
  const snapshot = snapshotOf(status, pods);
  measuring.measure(snapshot, { status, actions: [], events: [], wakeAt: undefined });
  const answer = measuring.measurement(snapshot.release);
  return { asked, judged, judges, answer, measuring, snapshot };
}

describe('measuring', () => {
  it('asks for all tracks from the first Ready moment of the canary on', () => {
    const { asked, answer } = measured(analysing);
    const names = (pods: { name: string }[] = []): string[] => pods.map(({ name }) => name);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ namespace: 'shop', startedAt: START + 30_000 });
    expect(names(asked[0]?.canaryPods)).toEqual(['c-1']);
    expect(names(asked[0]?.stablePods)).toEqual(['s-1']);
    expect(names(asked[0]?.baselinePods)).toEqual(['b-1']);
    expect(answer).toMatchObject({ canaryUid: 'uid-shop-canary', gonePods: [] });
  });

  it('keeps what its judge remembers as long as the release is measured, and no longer', () => {
    const { measuring, snapshot, judges } = measured(analysing);
    const decided = (status: CanaryReleaseStatus): void =>
      measuring.measure(snapshot, { status, actions: [], events: [], wakeAt: undefined });
    decided(analysing);
    expect(judges).toHaveLength(1);
    decided({ ...analysing, phase: 'Rejected' });
    decided(analysing);
    expect(judges).toHaveLength(2);
  });

  it('asks for nothing before the canary takes traffic', () => {
    expect(measured({ ...analysing, phase: 'Starting' }).asked).toEqual([]);
  });

  it('tells the judge of a second opinion as soon as its pod is Ready', () => {
    const waiting = { at: iso(40), pods: ['c-1', 'b-1'] };
    const heard = { ...waiting, since: iso(50) };
    const gonePods = [{ name: 'c-1', track: 'canary' as const, started: iso(0) }];
    const pods = { canary: ['c-2'], baseline: [] };
    const before = measured({ ...analysing, analysis: { secondOpinion: waiting, gonePods } }, pods);
    const after = measured({ ...analysing, analysis: { secondOpinion: heard, gonePods } }, pods);
    expect(before.asked[0]?.canaryPods.map(({ name }) => name)).toEqual(['c-1', 'c-2']);
    expect(before.judged[0]).not.toHaveProperty('secondOpinion');
    expect(after.judged[0]?.secondOpinion).toEqual({ since: START + 50_000, without: ['c-1', 'b-1'] });
  });

  it('tells what it judged by, while it is measured', () => {
    const heard = { at: iso(40), pods: ['c-1'], since: iso(50) };
    const { measuring, judged } = measured({ ...analysing, analysis: { secondOpinion: heard } });
    const seen = measuring.judged('shop/checkout');
    expect(seen?.evidence).toEqual(judged[0]);
    expect(seen?.asked).toMatchObject({ minDurationSeconds: 900 });
    expect(measuring.judged('shop/other')).toBeUndefined();
    measuring.forget('shop/checkout');
    expect(measuring.judged('shop/checkout')).toBeUndefined();
  });
});
