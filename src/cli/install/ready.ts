import { GATE_LABEL } from '../../api/names.ts';
import type { KubeApi } from '../../kube/api.ts';
import { isConflict, isNotFound } from '../../kube/errors.ts';
import { findObject } from '../../kube/find.ts';
import { type Deployment, type KubeObject, type Pod, resources } from '../../kube/object.ts';
import { monotonicNow, sleep } from '../../lib/clock.ts';
import { CliError, exitCodes } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { OPERATOR_NAME } from './render.ts';

const intervalMs = 1000;
const PROBE = 'tandem-gate-probe';
export const operatorSelector = 'app.kubernetes.io/name=tandem,app.kubernetes.io/component=operator';

/** Waits until the operator's replicas are ready, one of them leads, and the gate holds. Throws CliError at the timeout. */
export async function waitUntilReady(io: CliIo, api: KubeApi, namespace: string, seconds: number): Promise<void> {
  const start = monotonicNow(io.clock);
  let said = '';
  for (;;) {
    const missing = (await missingOf(api, namespace)) ?? (await gateMissing(api, namespace));
    if (missing === undefined) return;
    if (missing !== said) io.stderr(`waiting: ${missing}\n`);
    said = missing;
    if (monotonicNow(io.clock) - start >= seconds * 1000) throw notReady(missing, namespace, seconds);
    await sleep(io.clock, intervalMs);
  }
}

function notReady(missing: string, namespace: string, seconds: number): CliError {
  return new CliError(
    exitCodes.failure,
    `everything is applied, and after ${seconds} s ${missing}`,
    `look at kubectl -n ${namespace} describe pods -l ${operatorSelector}; then run tandem install --wait again`,
  );
}

/** What of the operator is not ready yet; undefined when all is. */
async function missingOf(api: KubeApi, namespace: string): Promise<string | undefined> {
  const operator = await findObject<Deployment>(api, resources.deployments, { namespace, name: OPERATOR_NAME });
  if (operator === undefined) return `there is no Deployment ${OPERATOR_NAME} in namespace ${namespace}`;
  if (!isRolledOut(operator)) {
    const ready = operator.status?.availableReplicas ?? 0;
    return `${ready} of ${operator.spec.replicas ?? 1} replicas of the operator are ready${await troubleOf(api, namespace)}`;
  }
  const lease = await findObject<KubeObject>(api, resources.leases, { namespace, name: OPERATOR_NAME });
  const holder = (lease?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity ?? '';
  return holder === '' ? 'no replica of the operator leads' : undefined;
}

function isRolledOut({ metadata, spec, status = {} }: Deployment): boolean {
  const { replicas = 1 } = spec;
  const isSeen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return isSeen && [status.replicas, status.updatedReplicas, status.availableReplicas].every((one) => one === replicas);
}

/** Why a pod does not start, in the words of the kubelet. */
async function troubleOf(api: KubeApi, namespace: string): Promise<string> {
  const { items } = await api.list<Pod>(resources.pods, { namespace, labelSelector: operatorSelector });
  for (const { metadata, status } of items) {
    const waiting = (status?.containerStatuses ?? []).map(({ state }) => state?.waiting).find((one) => one?.message);
    if (waiting !== undefined) return `: pod ${metadata.name}: ${waiting.reason ?? 'Waiting'}: ${waiting.message}`;
    const unplaced = status?.conditions?.find(({ type, status: met }) => type === 'PodScheduled' && met === 'False');
    if (unplaced !== undefined) return `: pod ${metadata.name}: ${unplaced.reason}: ${unplaced.message ?? ''}`;
  }
  return '';
}

/**
 * Proves the gate as the operator does, by a dry run that would open it, on a Deployment without pods that is there for
 * no longer than that: a cluster may have no target yet, and policies come into force some time after they are written.
 */
async function gateMissing(api: KubeApi, namespace: string): Promise<string | undefined> {
  const ref = { namespace, name: PROBE };
  await removeProbe(api, ref);
  try {
    await api.create(resources.deployments, probe(namespace));
    const body = {
      spec: { paused: null, template: { metadata: { annotations: { 'tandem.dev/gate-proof': 'new' } } } },
    };
    const answer = await api.patch<Deployment>(resources.deployments, ref, body, { type: 'merge', dryRun: true });
    const holds = answer.spec.paused === true && answer.metadata.labels?.[GATE_LABEL] === 'holding';
    return holds ? undefined : 'the gate is not in force yet: a new template was not held';
  } catch (error) {
    // A running operator takes the gate off a Deployment that no CanaryRelease names; then the next look tells.
    if (isConflict(error) || isNotFound(error)) return 'the gate is not proven yet';
    throw error;
  } finally {
    await removeProbe(api, ref);
  }
}

async function removeProbe(api: KubeApi, ref: { namespace: string; name: string }): Promise<void> {
  try {
    await api.delete(resources.deployments, ref, { propagationPolicy: 'Background' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function probe(namespace: string): KubeObject {
  const labels = { 'app.kubernetes.io/part-of': 'tandem', 'app.kubernetes.io/component': 'gate-probe' };
  const securityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
    capabilities: { drop: ['ALL'] },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: PROBE, namespace, labels: { ...labels, [GATE_LABEL]: 'armed' } },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'none', image: 'none', securityContext }] } },
    },
  };
}
