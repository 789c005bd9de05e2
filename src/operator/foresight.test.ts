import { describe, expect, it } from 'vitest';
import { API_VERSION, KIND } from '../api/names.ts';
import { type CanaryReleaseStatus, parseSpec } from '../api/schema.ts';
import type { RoutedRequest } from '../evidence/request.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { silentLogger } from '../lib/log.ts';
import type { Snapshot } from '../release/snapshot.ts';
import { deployment, pod, replicaSet, START } from '../release/testing/objects.ts';
import { createForesight } from './foresight.ts';

const stable: CanaryReleaseStatus = {
  observedGeneration: 1,
  phase: 'Idle',
  conditions: [
    { type: 'Ready', status: 'True', reason: 'Stable', message: '', lastTransitionTime: '', observedGeneration: 1 },
  ],
};

function snapshotOf(name: string, analysis: object, generation: number): Snapshot {
  const target = deployment('shop', 'v1');
  const set = replicaSet('shop-1', 'v1', 3, target);
  const spec = { targetRef: { name: 'shop' }, analysis };
  const parsed = parseSpec(spec);
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'shop-1', uid: set.metadata.uid ?? '' };
  const serving = pod('s-1');
  serving.metadata.ownerReferences = [{ ...owner, controller: true }];
  return {
    now: START,
    release: { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace: 'shop', generation }, spec },
    spec: 'problems' in parsed ? parsed : parsed.spec,
    target,
    replicaSets: [set],
    pods: [serving],
    canary: undefined,
    canaryReplicaSets: [],
    canaryPods: [],
    baseline: undefined,
    baselinePods: [],
    quarantined: [],
    gate: { offered: 'Admission', proof: { state: 'Unproven' } },
    surroundings: { namesakes: [], claims: {}, drivers: [], serviceSelects: true, configVersions: {}, unreadable: [] },
    measurement: undefined,
  };
}

function open() {
  const clock = createFakeClock(START);
  const asked: RoutedRequest[] = [];
  const watched = new Set<string>();
  const foresight = createForesight({
    collector: {
      watch: (key, request) => {
        asked.push(request);
        watched.add(key);
        return { ok: true };
      },
      unwatch: (key) => void watched.delete(key),
      evidence: () => undefined,
    },
    clock,
    log: silentLogger,
    onPlan: () => undefined,
  });
  const follow = (options: { name?: string; status?: CanaryReleaseStatus; analysis?: object; generation?: number }) => {
    const { name = 'checkout', status = stable, analysis = {}, generation = 1 } = options;
    foresight.follow(snapshotOf(name, analysis, generation), { status, actions: [], events: [], wakeAt: undefined });
  };
  return { clock, asked, watched, foresight, follow };
}

describe('foresight', () => {
  it("asks a Prometheus for stable's past, and for no canary", () => {
    const { asked, follow } = open();
    follow({});
    follow({});
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ from: 'Prometheus', namespace: 'shop', canaryPods: [], startedAt: START });
    expect(asked[0]?.stablePods.map(({ name }) => name)).toEqual(['s-1']);
  });

  it.each<[string, { status?: CanaryReleaseStatus; analysis?: object }]>([
    ['there is a plan or a verdict', { status: { ...stable, analysis: { planned: [] } } }],
    ['a release runs', { status: { ...stable, phase: 'Starting' } }],
    ['the gate is not proven', { status: { ...stable, conditions: [] } }],
    ['no Prometheus is to be asked', { analysis: { source: 'Pods' } }],
  ])('asks for nothing where %s', (_, options) => {
    const { asked, follow } = open();
    follow(options);
    expect(asked).toEqual([]);
  });

  it('ends as soon as something else is wanted', () => {
    const { watched, follow, foresight } = open();
    follow({});
    expect(foresight.round('shop/checkout')).toBe(true);
    follow({ status: { ...stable, phase: 'Starting' } });
    expect([...watched]).toEqual([]);
    expect(foresight.round('shop/checkout')).toBe(false);
  });

  it('gives up a service without a past, until half a day later or another spec', async () => {
    const { clock, asked, watched, follow, foresight } = open();
    follow({});
    for (let rounds = 0; rounds < 24; rounds += 1) {
      await clock.advance(5000);
      foresight.round('shop/checkout');
    }
    expect([...watched]).toEqual([]);
    const count = asked.length;
    follow({});
    expect(asked).toHaveLength(count);
    follow({ generation: 2 });
    expect(asked).toHaveLength(count + 1);
    foresight.leave('shop/checkout');
    follow({});
    expect(asked).toHaveLength(count + 2);
  });

  it('reads a bounded number of services at once, and the others after them', () => {
    const { watched, follow, foresight } = open();
    for (let index = 0; index < 60; index += 1) follow({ name: `app-${index}` });
    expect(watched.size).toBe(10);
    expect(watched.has('shop/app-59')).toBe(false);
    for (let index = 0; index < 50; index += 1) foresight.leave(`shop/app-${index}`);
    expect(watched.size).toBe(10);
    expect(watched.has('shop/app-59')).toBe(true);
  });
});
