import { isComplete, rollingBounds } from '../../../../src/release/facts.ts';
import { isReady, isTerminating } from '../../../../src/release/pods.ts';
import type { View } from '../view.ts';
import type { CreateInvariant } from './invariant.ts';

interface Before {
  whole: boolean;
  wanted: number;
  scaling: boolean;
}

/**
 * 10. Because of Tandem the ready pods of the target never fall below replicas - maxUnavailable: asked whenever a ready
 * pod goes. One that failed by itself before it went was no capacity.
 */
export const keepsCapacity: CreateInvariant = ({ circumstances }) => {
  const known = new Map<string, Before>();
  /** Pods that were ready once: one that is there and is not ready any more fails by itself. */
  const onceReady = new Set<string>();
  /** By target: pods that were ready and staying at the last look. */
  const served = new Map<string, ReadonlySet<string>>();

  /** Whether a pod that was ready at the last look is on its way out. */
  function readyOneGoes(view: View): boolean {
    const staying = view.pods.filter((pod) => !isTerminating(pod));
    const uids = new Set(staying.map((pod) => pod.metadata.uid ?? ''));
    const before = served.get(view.name) ?? new Set<string>();
    served.set(view.name, new Set(staying.filter(isReady).map((pod) => pod.metadata.uid ?? '')));
    return [...before].some((uid) => !uids.has(uid));
  }

  function counted(view: View): number {
    return view.pods.filter((pod) => {
      const uid = pod.metadata.uid ?? '';
      if (isReady(pod)) onceReady.add(uid);
      return onceReady.has(uid) && !isTerminating(pod);
    }).length;
  }

  function follow(view: View, wanted: number, ready: number): Before {
    const before = known.get(view.name) ?? { whole: false, wanted, scaling: false };
    const target = view.target;
    if (wanted !== before.wanted) before.scaling = true;
    if (target !== undefined && isComplete(target)) before.scaling = false;
    before.wanted = wanted;
    if (before.scaling || circumstances.podsDeleted.has(view.name)) before.whole = false;
    else if (ready >= wanted && wanted > 0) before.whole = true;
    if (ready >= wanted) circumstances.podsDeleted.delete(view.name);
    known.set(view.name, before);
    return before;
  }

  return {
    number: 10,
    name: 'keeps capacity',
    look(view) {
      const { target, gate } = view;
      const goes = readyOneGoes(view);
      if (target === undefined) {
        known.delete(view.name);
        return undefined;
      }
      const wanted = target.spec.replicas ?? 1;
      const ready = counted(view);
      const before = follow(view, wanted, ready);
      const { unavailable } = rollingBounds(target);
      // What the controller itself does in a rollout that runs is not Tandem's, and no more is a pause by a person.
      const paused = target.spec.paused === true && (gate === 'holding' || gate === 'rejected');
      if (!goes || !before.whole || !paused || ready >= wanted - unavailable) return undefined;
      return `${ready} of ${wanted} pods are ready, ${unavailable} may be missing`;
    },
  };
};
