import { describe, expect, it } from 'vitest';
import { iso, pod, START } from '../release/testing/objects.ts';
import { watchedPods } from './watched-pods.ts';

const tracks = { canary: [pod('c-1')], stable: [pod('s-1'), pod('s-2')], baseline: [pod('b-1', { created: 3 })] };

describe('watchedPods', () => {
  it('asks for the pods of each track', () => {
    expect(watchedPods(tracks, undefined)).toEqual({
      pods: {
        canaryPods: [{ name: 'c-1', startedAt: START }],
        stablePods: [
          { name: 's-1', startedAt: START },
          { name: 's-2', startedAt: START },
        ],
        baselinePods: [{ name: 'b-1', startedAt: START + 3000 }],
      },
      gonePods: [],
    });
  });

  it('says nothing of a baseline where there is none', () => {
    expect(watchedPods({ ...tracks, baseline: [] }, undefined).pods).not.toHaveProperty('baselinePods');
  });

  it('keeps those that died, of every track, and after a restart of the operator too', () => {
    const { pods: before } = watchedPods(tracks, undefined);
    const later = { canary: [pod('c-1')], stable: [pod('s-1')], baseline: [] };

    const followed = watchedPods(later, before);
    const restarted = watchedPods(later, undefined, followed.gonePods);

    expect(followed.pods).toEqual(before);
    expect(followed.gonePods.map(({ name, track }) => [track, name])).toEqual([
      ['stable', 's-2'],
      ['baseline', 'b-1'],
    ]);
    expect(Date.parse(followed.gonePods[1]?.started ?? '')).toBe(Date.parse(iso(3)));
    expect(restarted.pods.stablePods).toHaveLength(2);
    expect(restarted.pods.baselinePods).toEqual(before.baselinePods);
    expect(restarted.gonePods).toEqual(followed.gonePods);
  });
});
