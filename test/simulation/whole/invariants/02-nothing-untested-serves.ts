import { type Deployment, resources } from '../../../../src/kube/object.ts';
import { createdAt } from '../../../../src/release/pods.ts';
import { at } from '../../../../src/sandbox/json.ts';
import type { View } from '../view.ts';
import { versionKey } from '../view.ts';
import type { CreateInvariant, Scene } from './invariant.ts';

const approving = ['Promoting', 'Promoted', 'Untested', 'Adopted', 'Bypassed'];
const ended = ['RolledBack', 'Aborted'];
/** An operator that was killed, the lease that its successor waits for, and calls that fail meanwhile. */
const UNATTENDED_MS = 45_000;

interface Approvals {
  uid: string | undefined;
  versions: Set<string>;
  /** The template of the target, and since when it is that. */
  template: string;
  templateSince: number;
  /** Since when nothing serves; undefined: something did when it was looked at last. */
  emptySince: number | undefined;
  /** The same when the template came. */
  emptyBefore: number | undefined;
}

/**
 * What a person starts who scales a target without pods up before any operator can have looked: the controller takes the
 * ReplicaSet of the held template, and no policy can tell (docs/architecture.md). A look at the target without pods, or
 * at the held template, is enough: then nothing is left that could start (from-zero.test.ts). What is older than the
 * CanaryRelease is left until the template is held.
 */
function unattended(view: View, { emptySince, emptyBefore, templateSince }: Approvals): boolean {
  const { gate, active, at: now, releasedSince } = view;
  if (emptySince === undefined || (gate !== 'holding' && gate !== 'rejected')) return false;
  if (now - templateSince > UNATTENDED_MS) return false;
  const isHistory = active.every((set) => createdAt(set) < releasedSince);
  if (!isHistory && emptyBefore !== undefined && templateSince - emptyBefore > UNATTENDED_MS) return false;
  return active.every((set) => createdAt(set) <= templateSince);
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
          : {
              uid: target.metadata.uid,
              versions: new Set([...serving, ...own]),
              template: '',
              templateSince: view.at,
              emptySince: undefined,
              emptyBefore: undefined,
            };
      known.set(view.name, approvals);
      follow(approvals, view, serving, scene);
      const template = versionKey(target.spec.template);
      if (template !== approvals.template)
        Object.assign(approvals, { template, templateSince: view.at, emptyBefore: approvals.emptySince });
      if (unattended(view, approvals)) for (const version of serving) approvals.versions.add(version);
      approvals.emptySince = active.length > 0 ? undefined : (approvals.emptySince ?? view.at);
      const bad = active.find((set) => !approvals.versions.has(versionKey(set.spec.template)));
      if (bad === undefined) return undefined;
      const image = bad.spec.template.spec.containers[0]?.image;
      return `${image} has ${bad.spec.replicas} pods and nobody approved it (gate ${gate}, ReplicaSet ${bad.metadata.name})`;
    },
  };
};
