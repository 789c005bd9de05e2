import { resources } from '../../../../src/kube/object.ts';
import type { CreateInvariant } from './invariant.ts';

/** A decision may be that old when its write takes effect. */
const STALE_MS = 90_000;

/** 5. At most one canary for a target, started only when one ReplicaSet of it serves. */
export const oneCanary: CreateInvariant = () => {
  const twoSince = new Map<string, number>();
  return {
    number: 5,
    name: 'one canary',
    look(view) {
      if (view.active.length < 2) twoSince.delete(view.name);
      else if (!twoSince.has(view.name)) twoSince.set(view.name, view.at);
      return view.canaries.length > 1 ? `${view.canaries.length} canaries` : undefined;
    },
    wrote({ sent, at }, view) {
      if (sent.verb !== 'create' || sent.resource !== resources.deployments || view === undefined) return undefined;
      const since = twoSince.get(view.name);
      if (since === undefined || at - since < STALE_MS) return undefined;
      return `a canary starts although ${view.active.length} versions serve for ${(at - since) / 1000} s`;
    },
  };
};
