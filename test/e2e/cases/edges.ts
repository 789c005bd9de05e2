import assert from 'node:assert/strict';
import { GATE_LABEL } from '../../../src/api/names.ts';
import { type KubeObject, type Pod, type ReplicaSet, type Resource, resources } from '../../../src/kube/object.ts';
import type { Case } from '../case.ts';
import { noLostRequests, samePods } from '../check.ts';
import { conditionOf, type Stage } from '../stage.ts';

/** Surroundings that change under a release, and pods that are kept for a look. */

/** Names of the pods that the Service sends requests to. */
async function served(stage: Stage): Promise<string[]> {
  const words = ['get', 'endpointslices', '-l', 'kubernetes.io/service-name=shop', '-o', 'json'];
  const { items } = JSON.parse((await stage.kubectl(words)).stdout) as {
    items: { endpoints?: { targetRef?: { name: string }; conditions?: { ready?: boolean } }[] }[];
  };
  const ready = items.flatMap(({ endpoints }) =>
    (endpoints ?? []).filter(({ conditions }) => conditions?.ready === true),
  );
  return ready.map(({ targetRef }) => targetRef?.name ?? '').sort();
}

async function podsOf(stage: Stage, labelSelector: string): Promise<Pod[]> {
  return (await stage.api.list<Pod>(resources.pods, { namespace: stage.namespace, labelSelector })).items;
}

function config(value: string): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shop-config' }, data: { GREETING: value } };
}

const policyBindings: Resource = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  namespaced: false,
};

/** As on a cluster where the policy that refuses to orphan a canary is not in force. */
async function withOrphansAllowed(stage: Stage, work: () => Promise<void>): Promise<void> {
  const { apiVersion, kind, metadata, ...rest } = await stage.api.get(policyBindings, { name: 'tandem-fence-orphans' });
  await stage.api.delete(policyBindings, { name: metadata.name });
  try {
    await work();
  } finally {
    const { name, labels } = metadata;
    await stage.api.create(policyBindings, {
      apiVersion,
      kind,
      metadata: { name, ...(labels && { labels }) },
      ...rest,
    });
  }
}

export const edgeCases: Case[] = [
  {
    name: 'quarantine',
    ci: false,
    proves:
      'pods of a rejected canary stay for a look, out of the Service and of every owner, and end by their deadline',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ canary: { quarantine: '30s' }, analysis: { minDuration: '10m', warmup: '5s' } });
      const before = await stage.stablePods();
      const load = await stage.load({ rate: 60 });
      await stage.release({ version: 'v2', env: { ERROR_RATE: '0.5' } });
      await stage.waitPhase('Rejected', 180);
      const [kept] = await podsOf(stage, 'tandem.dev/track=quarantine');
      assert.ok(kept !== undefined, 'its pod is kept');
      assert.equal(kept.status?.phase, 'Running');
      assert.equal(kept.metadata.labels?.['app'], undefined);
      assert.equal(await stage.canaryExists(), false);
      assert.ok(
        kept.metadata.ownerReferences?.every((owner) => owner.kind === 'CanaryRelease' && owner.controller !== true),
      );
      assert.deepEqual(await served(stage), before, 'only stable gets requests');
      const log = await stage.kubectl(['logs', kept.metadata.name], { allowFailure: true });
      assert.equal(log.code, 0, 'its log can be read');
      await stage.waitFor(
        'the end of the quarantine',
        async () => (await podsOf(stage, 'tandem.dev/track=quarantine')).length === 0,
        75,
      );
      samePods(before, await stage.stablePods());
      const record = await load.stop();
      noLostRequests(record);
    },
  },
  {
    name: 'config-changed',
    ci: false,
    proves:
      'a ConfigMap that both versions read changes during the comparison: a pass waits for a person (ContaminatedControl)',
    async run(stage) {
      await stage.apply(config('one'));
      const envFrom = { from: 'shop-config' };
      await stage.deploy({ version: 'v1' });
      await addConfig(stage, envFrom.from);
      await stage.adopt({
        analysis: {
          minDuration: '20s',
          warmup: '5s',
          latency: { enabled: false },
          cpu: { enabled: false },
          memory: { enabled: false },
        },
      });
      const load = await stage.load({ rate: 120 });
      const before = await stage.stablePods();
      await stage.kubectl(['set', 'image', 'deployment/shop', 'shop=docker.io/library/shop:v2']);
      await stage.waitPhase('Analyzing');
      await stage.apply(config('two'));
      const status = await stage.waitPhase('Held', 480);
      const ready = conditionOf(status, 'Ready');
      assert.equal(ready?.reason, 'ContaminatedControl');
      assert.match(ready?.message ?? '', /ConfigMap\/shop-config/);
      await new Promise((resolve) => setTimeout(resolve, 15_000));
      assert.equal((await stage.status()).phase, 'Held');
      samePods(before, await stage.stablePods());
      await stage.tandem(['promote', 'shop']);
      const entry = await stage.waitOutcome('Promoted', 90);
      assert.notEqual(entry.by, '');
      noLostRequests(await load.stop(), 2);
    },
  },
  {
    name: 'orphaned-canary',
    ci: false,
    proves:
      'to delete a canary with --cascade=orphan is refused; without that policy it is put back, the target keeps none of its pods',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const load = await stage.load();
      const before = await stage.stablePods();
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      const sets = async (): Promise<ReplicaSet[]> => {
        const options = { namespace: stage.namespace, labelSelector: 'tandem.dev/track=canary' };
        return (await stage.api.list<ReplicaSet>(resources.replicaSets, options)).items;
      };
      const [first] = await sets();
      const orphan = ['delete', 'deployment', 'shop-canary', '--cascade=orphan'];
      await assert.rejects(stage.kubectl(orphan), /leave out --cascade=orphan/);
      await withOrphansAllowed(stage, async () => {
        await stage.waitFor(
          'no policy refuses it',
          async () => (await stage.kubectl(orphan).catch(() => undefined)) !== undefined,
          60,
        );
      });
      await stage.waitFor(
        'the orphan is gone',
        async () => (await sets()).every((set) => set.metadata.uid !== first?.metadata.uid),
        60,
      );
      await stage.waitFor(
        'another canary is analysed',
        async () => {
          return (await stage.canaryExists()) && (await stage.status()).phase === 'Analyzing';
        },
        90,
      );
      samePods(before, await stage.stablePods());
      const pods = await podsOf(stage, 'app=shop');
      const alive = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
      assert.equal(alive.length, 4, 'three of stable and one canary');
      assert.equal(await stage.gate(), 'holding');
      noLostRequests(await load.stop(), 4);
    },
  },
  {
    name: 'broken-stable',
    ci: false,
    proves: 'with no Ready pod of stable the fix is judged on its readiness alone and promoted at once, and it says so',
    async run(stage) {
      await stage.deploy({ version: 'v1', replicas: 2, env: { CRASH_AFTER_S: '20' } });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      await stage.waitFor(
        'stable is broken',
        async () => ((await stage.target()).status?.readyReplicas ?? 0) === 0,
        90,
      );
      const committed = Date.now();
      await stage.release({ version: 'v2' });
      const entry = await stage.waitOutcome('Promoted', 150);
      stage.facts['s to promotion'] = Math.round((Date.now() - committed) / 1000);
      assert.equal(entry.reason, 'StableBroken');
      assert.deepEqual(await stage.stableVersions(), ['v2', 'v2']);
      await stage.waitPhase('Idle');
    },
  },
  {
    name: 'scaled',
    ci: false,
    proves:
      'the target scaled up and down while Analyzing and while Promoting: the release goes on, the canary stays in its share',
    load: 15,
    async run(stage) {
      await stage.deploy({ version: 'v1', spec: { minReadySeconds: 3 } });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const scale = (replicas: number): Promise<unknown> =>
        stage.kubectl(['scale', 'deployment/shop', `--replicas=${replicas}`]);
      const available = (count: number): Promise<void> =>
        stage.waitFor(`${count} available`, async () => (await stage.target()).status?.availableReplicas === count, 60);
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await scale(5);
      await available(5);
      await scale(2);
      await available(2);
      assert.deepEqual(await stage.stableVersions(), ['v1', 'v1']);
      const { phase, message } = await stage.status();
      assert.equal(phase, 'Analyzing', message);
      await stage.tandem(['promote', 'shop']);
      await stage.waitPhase('Promoting');
      await scale(4);
      await stage.waitOutcome('Promoted', 120);
      await available(4);
      assert.deepEqual(await stage.stableVersions(), ['v2', 'v2', 'v2', 'v2']);
      const target: KubeObject = await stage.target();
      assert.equal(target.metadata.labels?.[GATE_LABEL], 'armed');
    },
  },
];

/** Reads a ConfigMap into the environment, before anybody watches. */
async function addConfig(stage: Stage, name: string): Promise<void> {
  const operation = [
    { op: 'add', path: '/spec/template/spec/containers/0/envFrom', value: [{ configMapRef: { name } }] },
  ];
  await stage.kubectl(['patch', 'deployment', 'shop', '--type=json', '-p', JSON.stringify(operation)]);
  await stage.kubectl(['rollout', 'status', 'deployment/shop', '--timeout=90s']);
}
