import { GATE_LABEL } from '../api/names.ts';
import type { KubeApi } from '../kube/api.ts';
import { type Deployment, type KubeObject, resources } from '../kube/object.ts';
import type { Clock } from '../lib/clock.ts';
import type { GateProof } from './snapshot.ts';

/** Proves that the gate holds, by a dry run that would open it. */
export interface GateProver {
  /** `Paused` where the API server has no MutatingAdmissionPolicy. */
  offered(): Promise<'Admission' | 'Paused'>;
  /** Answers from memory within the hour for the same key; asks the API server otherwise. */
  proof(target: KubeObject, key: string, mode: 'Admission' | 'Paused'): Promise<GateProof>;
  /** Until when the target's gate is proven, milliseconds since the epoch; undefined: it is not. */
  provenUntil(target: KubeObject): Promise<number | undefined>;
}

/** A proof holds for an hour; a failure is tried again after ten seconds. */
export const provenMilliseconds = 3_600_000;
const failedMilliseconds = 10_000;
const offeredMilliseconds = 600_000;
const PROOF_ANNOTATION = 'tandem.dev/gate-proof';
const policyGroups = ['admissionregistration.k8s.io/v1', 'admissionregistration.k8s.io/v1beta1'];

export function createGateProver(api: KubeApi, clock: Clock): GateProver {
  const proofs = new Map<string, { key: string; proof: GateProof }>();
  let known: { at: number; value: 'Admission' | 'Paused' } | undefined;

  async function offered(): Promise<'Admission' | 'Paused'> {
    if (known !== undefined && clock.now() - known.at < offeredMilliseconds) return known.value;
    for (const group of policyGroups) {
      const served = await api.discover(group);
      if (!served.some((resource) => resource.plural === 'mutatingadmissionpolicies')) continue;
      known = { at: clock.now(), value: 'Admission' };
      return known.value;
    }
    known = { at: clock.now(), value: 'Paused' };
    return known.value;
  }

  async function proof(target: KubeObject, key: string, mode: 'Admission' | 'Paused'): Promise<GateProof> {
    const gate = target.metadata.labels?.[GATE_LABEL];
    if (mode === 'Paused' || gate === undefined || gate === 'open') return { state: 'Unproven' };
    const uid = target.metadata.uid ?? '';
    const last = proofs.get(uid);
    if (last !== undefined && stillCounts(last, key)) return last.proof;
    const next = await prove(target);
    proofs.set(uid, { key, proof: next });
    return next;
  }

  /** A proof under a more specific key counts for the target as well. */
  function stillCounts(last: { key: string; proof: GateProof }, key: string): boolean {
    if (last.proof.state === 'Unproven') return false;
    const age = clock.now() - last.proof.at;
    if (last.proof.state === 'Failed') return age < failedMilliseconds;
    return age < provenMilliseconds && last.key.startsWith(key);
  }

  async function prove(target: KubeObject): Promise<GateProof> {
    const ref = { namespace: target.metadata.namespace ?? '', name: target.metadata.name };
    const annotations = { [PROOF_ANNOTATION]: new Date(clock.now()).toISOString() };
    const body = { spec: { paused: null, template: { metadata: { annotations } } } };
    const answer = await api.patch<Deployment>(resources.deployments, ref, body, { type: 'merge', dryRun: true });
    if (answer.spec.paused === true) return { state: 'Proven', at: clock.now() };
    const message =
      'a dry run that changes the template came back unpaused: the policy tandem-gate is missing or not in force; apply deploy/kustomize/base, or set spec.gate to Paused';
    return { state: 'Failed', at: clock.now(), message };
  }

  async function provenUntil(target: KubeObject): Promise<number | undefined> {
    const { state, ...found } = await proof(target, target.metadata.uid ?? '', await offered());
    return state === 'Proven' && 'at' in found ? found.at + provenMilliseconds : undefined;
  }

  return { offered, proof, provenUntil };
}
