import { describe, expect, it } from 'vitest';
import type { Deployment } from '../kube/object.ts';
import type { Facts, VersionSet } from './facts.ts';
import { finishStep } from './finish.ts';
import { deployment, replicaSet } from './testing/objects.ts';

/** A target caught halfway: sizes and available pods of its versions, oldest first. */
function caught(
  replicas: number,
  surge: number,
  unavailable: number,
  sets: [size: number, available: number][],
): Facts {
  const target: Deployment = deployment('shop', 'v9', {
    replicas,
    paused: true,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
  });
  target.status = { observedGeneration: 1 };
  const active = sets.map(([size, available], index): VersionSet => {
    const set = replicaSet(`shop-${index + 1}`, `v${index + 1}`, size, target);
    set.metadata.annotations = { 'deployment.kubernetes.io/revision': String(index + 1) };
    set.status = { replicas: size, availableReplicas: available, observedGeneration: 1 };
    return { replicaSet: set, revision: `revision-${index + 1}`, replicas: size, available };
  });
  return {
    target,
    revision: 'held',
    gate: 'holding',
    paused: true,
    replicas,
    complete: false,
    recreated: false,
    sets: active,
    active,
    stable: undefined,
    stablePods: [],
    orphans: [],
    canary: undefined,
    baseline: undefined,
  };
}

function step(facts: Facts, winner: number): string {
  const set = facts.active[winner - 1];
  if (set === undefined) throw new Error(`no version ${winner}`);
  const next = finishStep(facts, set);
  if (next.kind !== 'Scale') return next.kind;
  return `${next.set.revision.replace('revision-', 'v')} to ${next.replicas}`;
}

describe('finishStep', () => {
  it.each<[string, Facts, number, string]>([
    [
      'the newer one, still smaller, grows',
      caught(10, 1, 0, [
        [8, 8],
        [3, 3],
      ]),
      2,
      'v2 to 4',
    ],
    [
      'of equals the older one shrinks',
      caught(3, 1, 0, [
        [2, 2],
        [2, 2],
      ]),
      2,
      'v1 to 1',
    ],
    [
      'the newer one, larger, lets the older one shrink',
      caught(10, 1, 0, [
        [5, 5],
        [6, 6],
      ]),
      2,
      'v1 to 4',
    ],
    [
      'one replica: the older one goes',
      caught(1, 1, 0, [
        [1, 1],
        [1, 1],
      ]),
      2,
      'v1 to 0',
    ],
    [
      'one replica whose new pod is not there yet',
      caught(1, 1, 0, [
        [1, 1],
        [1, 0],
      ]),
      2,
      'Wait',
    ],
    [
      'back to the older one, one behind: two steps at once, for the controller takes from the older of equals',
      caught(4, 1, 0, [
        [2, 2],
        [3, 1],
      ]),
      1,
      'v2 to 1',
    ],
    [
      'back to the older one, far behind: it grows',
      caught(4, 1, 0, [
        [1, 1],
        [4, 3],
      ]),
      1,
      'v1 to 2',
    ],
    [
      'no surge: one less is allowed for',
      caught(2, 0, 1, [
        [1, 1],
        [1, 1],
      ]),
      2,
      'v1 to 0',
    ],
    ['the last step is done', caught(4, 1, 0, [[4, 4]]), 1, 'Done'],
    [
      'a third version has a pod that is not available: none may be lost now',
      caught(6, 1, 0, [
        [1, 0],
        [3, 3],
        [3, 3],
      ]),
      3,
      'Wait',
    ],
    [
      'the new pods of the last step are not available yet',
      caught(4, 1, 0, [
        [3, 3],
        [2, 1],
      ]),
      2,
      'Wait',
    ],
    [
      'the controller has not filled up yet',
      caught(4, 1, 0, [
        [2, 2],
        [2, 2],
      ]),
      2,
      'Wait',
    ],
  ])('%s', (_, facts, winner, expected) => {
    expect(step(facts, winner)).toBe(expected);
  });

  it('waits until the controller has seen the last change of the target', () => {
    const facts = caught(4, 1, 0, [
      [3, 3],
      [2, 2],
    ]);
    facts.target.metadata.generation = 7;

    expect(step(facts, 2)).toBe('Wait');
  });
});
