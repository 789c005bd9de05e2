import { type Deployment, resources } from '../../../../src/kube/object.ts';
import { at } from '../../../../src/sandbox/json.ts';
import type { View } from '../view.ts';
import { versionKey } from '../view.ts';
import type { CreateInvariant, Scene } from './invariant.ts';

const approving = ['Promoting', 'Promoted', 'Untested', 'Adopted', 'Bypassed'];
const ended = ['RolledBack', 'Aborted'];

interface Approvals {
  uid: string | undefined;
  versions: Set<string>;
}

/** What the ledger says of versions, taken over into what is approved. */
function follow(approvals: Approvals, view: View, serving: ReadonlySet<string>, scene: Scene): void {
  for (const { revision, outcome } of view.ledgers) {
    const version = scene.versionOf(revision);
    if (version === undefined) continue;
    if (approving.includes(outcome)) approvals.versions.add(version);
    // Taken back: approved until its last pod is gone.
    else if (ended.includes(outcome) && !serving.has(version)) approvals.versions.delete(version);
  }
}

/** 2. While gated, no ReplicaSet of the target has pods whose template is neither stable nor approved. */
export const nothingUntestedServes: CreateInvariant = (scene) => {
  const known = new Map<string, Approvals>();
  return {
    number: 2,
    name: 'nothing untested serves',
    wrote({ sent, before, after }, view) {
      if (sent.resource !== resources.deployments || view === undefined || sent.name !== view.name) return undefined;
      const paused = (object: unknown): boolean => at(object, 'spec', 'paused') === true;
      const approvals = known.get(view.name);
      if (!paused(before) || paused(after) || after === undefined || approvals === undefined) return undefined;
      follow(approvals, view, new Set(), scene);
      const { template } = (after as Deployment).spec;
      if (approvals.versions.has(versionKey(template))) return undefined;
      return `${template.spec.containers[0]?.image} was resumed and nobody approved it`;
    },
    look(view) {
      const { target, gate, active } = view;
      if (target === undefined || gate === undefined || gate === 'open') {
        known.delete(view.name);
        return undefined;
      }
      const serving = new Set(active.map((set) => versionKey(set.spec.template)));
      const before = known.get(view.name);
      // What serves when the gate closes, and what rolls then, is the user's own.
      const own = target.spec.paused === true ? [] : [versionKey(target.spec.template)];
      const approvals =
        before !== undefined && before.uid === target.metadata.uid
          ? before
          : { uid: target.metadata.uid, versions: new Set([...serving, ...own]) };
      known.set(view.name, approvals);
      follow(approvals, view, serving, scene);
      const bad = active.find((set) => !approvals.versions.has(versionKey(set.spec.template)));
      if (bad === undefined) return undefined;
      const image = bad.spec.template.spec.containers[0]?.image;
      return `${image} has ${bad.spec.replicas} pods and nobody approved it (gate ${gate}, ReplicaSet ${bad.metadata.name})`;
    },
  };
};
