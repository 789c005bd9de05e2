import assert from 'node:assert/strict';
import { GATE_LABEL } from '../../../src/api/names.ts';
import type { CanaryRelease } from '../../../src/api/schema.ts';
import { findObject } from '../../../src/kube/find.ts';
import { type Deployment, type KubeObject, type Resource, resources } from '../../../src/kube/object.ts';
import { shopDeployment } from '../../app/shop.ts';
import type { Case } from '../case.ts';
import { conditionOf, type Stage } from '../stage.ts';

/** What cannot be released safely: each has its reason and a message that says what to do, and nothing is written. */

function find<T extends KubeObject>(stage: Stage, resource: Resource, name: string): Promise<T | undefined> {
  return findObject<T>(stage.api, resource, { namespace: stage.namespace, name });
}

function deployment(stage: Stage, name: string, spec: Record<string, unknown> = {}): Deployment {
  return shopDeployment({ namespace: stage.namespace, name, replicas: 1, spec });
}

function release(name: string, target: string, spec: Record<string, unknown> = {}): KubeObject {
  return {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name },
    spec: { targetRef: { name: target }, ...spec },
  };
}

async function releaseOf(stage: Stage, name: string): Promise<CanaryRelease | undefined> {
  return find<CanaryRelease>(stage, resources.canaryReleases, name);
}

async function hasReason(stage: Stage, name: string, reason: string, message: RegExp): Promise<void> {
  let seen: KubeObject | undefined;
  await stage
    .waitFor(
      `${name} is ${reason}`,
      async () => {
        const found = await releaseOf(stage, name);
        seen = found;
        return found?.status !== undefined && conditionOf(found.status, 'Ready')?.reason === reason;
      },
      30,
    )
    .catch((error: unknown) => {
      throw new Error(`${String(error)}; seen: ${JSON.stringify(seen?.['status'])}`);
    });
  const found = await releaseOf(stage, name);
  assert.equal(found?.status?.phase, 'Invalid');
  assert.match(found.status.message ?? '', message, `${name} says what to do`);
  const stalled = found.status.conditions?.find(({ type }) => type === 'Stalled');
  const waits = reason === 'TargetNotFound';
  assert.equal(stalled?.status, waits ? 'False' : 'True', `${name}: Stalled`);
}

async function isReady(stage: Stage, name: string): Promise<void> {
  await stage.waitFor(
    `${name} is Stable`,
    async () => {
      const ready = conditionOf((await releaseOf(stage, name))?.status ?? { observedGeneration: -1 }, 'Ready');
      return ready?.status === 'True' && ready.reason === 'Stable';
    },
    60,
  );
}

/** The target has no label of ours, its spec is what was written, and nothing stands beside it. */
async function untouched(stage: Stage, name: string, generation = 1): Promise<void> {
  const target = await find<Deployment>(stage, resources.deployments, name);
  assert.equal(target?.metadata.labels?.[GATE_LABEL], undefined, `${name} has no label`);
  assert.equal(target?.metadata.generation, generation, `${name} was not written`);
  const managers = (target.metadata['managedFields'] ?? []) as { manager?: string }[];
  assert.ok(
    managers.every(({ manager }) => manager !== 'tandem'),
    `${name}: no field is Tandem's`,
  );
}

interface Refused {
  name: string;
  spec: Record<string, unknown>;
  release?: Record<string, unknown>;
  reason: string;
  message: RegExp;
}

function podSpec(stage: Stage, volumes: object[]): Record<string, unknown> {
  const { template } = deployment(stage, 'claim').spec;
  return { template: { ...template, spec: { ...template.spec, volumes } } };
}

function refusedTargets(stage: Stage): Refused[] {
  const none = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
  const claim = podSpec(stage, [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]);
  return [
    {
      name: 'recreate',
      spec: { strategy: { type: 'Recreate' } },
      reason: 'TargetUnsupported',
      message: /Recreate.*RollingUpdate/,
    },
    { name: 'claim', spec: claim, reason: 'TargetUnsupported', message: /claim data \(ReadWriteOnce\).*ReadWriteMany/ },
    {
      name: 'no-surge',
      spec: { strategy: none },
      reason: 'TargetUnsupported',
      message: /maxSurge is 0 with one replica.*set maxSurge to 1/,
    },
    {
      name: 'no-history',
      spec: { revisionHistoryLimit: 0 },
      reason: 'TargetUnsupported',
      message: /revisionHistoryLimit is 0.*set it to 1/,
    },
    { name: 'paused', spec: { paused: true }, reason: 'TargetPaused', message: /kubectl rollout resume/ },
    {
      name: 'taken',
      spec: {},
      reason: 'TargetConflict',
      message: /Deployment taken-canary exists and is not Tandem's/,
    },
    {
      name: 'bad-code',
      spec: {},
      release: { analysis: { errors: { codes: ['5.('] } } },
      reason: 'InvalidSpec',
      message: /spec\.analysis\.errors\.codes\[0\].*not a regular expression/,
    },
  ];
}

async function refusals(stage: Stage): Promise<void> {
  const refused = refusedTargets(stage);
  await stage.apply({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: { requests: { storage: '1Mi' } } },
  });
  await stage.apply(deployment(stage, 'taken-canary'));
  await stage.apply(...refused.map(({ name, spec }) => deployment(stage, name, spec)));
  await stage.apply(...refused.map(({ name, release: more }) => release(name, name, more)));
  for (const { name, reason, message } of refused) {
    await hasReason(stage, name, reason, message);
    await untouched(stage, name);
    if (name !== 'taken') assert.equal(await find(stage, resources.deployments, `${name}-canary`), undefined);
  }
  await untouched(stage, 'taken-canary');
  stage.facts['refused targets'] = refused.length;
  await stage.kubectl(['rollout', 'resume', 'deployment/paused']);
  await stage.kubectl(['delete', 'deployment', 'taken-canary']);
  await isReady(stage, 'paused');
  await isReady(stage, 'taken');
}

async function missingTarget(stage: Stage): Promise<void> {
  await stage.apply(release('late', 'late'));
  await hasReason(stage, 'late', 'TargetNotFound', /Deployment late does not exist.*create it/);
  await stage.apply(deployment(stage, 'late'));
  await isReady(stage, 'late');
}

async function sharedTarget(stage: Stage): Promise<void> {
  await stage.apply(deployment(stage, 'shared'));
  await stage.apply(release('first', 'shared'));
  await isReady(stage, 'first');
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await stage.apply(release('a-second', 'shared'));
  await hasReason(stage, 'a-second', 'TargetConflict', /belongs to CanaryRelease first, which is older/);
  assert.equal(
    conditionOf((await releaseOf(stage, 'first'))?.status ?? { observedGeneration: -1 }, 'Ready')?.status,
    'True',
  );
  await stage.kubectl(['delete', 'canaryrelease', 'first']);
  await isReady(stage, 'a-second');
}

interface RefusedSpec {
  what: string;
  spec: Record<string, unknown>;
  words: RegExp;
}

const refusedSpecs: RefusedSpec[] = [
  { what: 'percent and replicas', spec: { canary: { percent: 5, replicas: 1 } }, words: /exclude each other/ },
  {
    what: 'a deadline before the soak',
    spec: { analysis: { minDuration: '10m', deadline: '5m' } },
    words: /raise deadline or lower minDuration/,
  },
  { what: 'a tolerance without a unit', spec: { analysis: { latency: { tolerance: '0.2' } } }, words: /tolerance/ },
  { what: 'a duration that is none', spec: { analysis: { minDuration: 'soon' } }, words: /minDuration/ },
  { what: 'a word that is no choice', spec: { promotion: 'Sometimes' }, words: /Unsupported value/ },
  {
    what: 'nothing to judge',
    spec: {
      analysis: {
        errors: { enabled: false },
        latency: { enabled: false },
        cpu: { enabled: false },
        memory: { enabled: false },
      },
    },
    words: /switch one on/,
  },
];

async function refusedByTheServer(stage: Stage): Promise<void> {
  const create = (object: object, words: string[]): ReturnType<Stage['kubectl']> =>
    stage.kubectl([...words, '-f', '-'], { input: JSON.stringify(object), allowFailure: true });
  for (const { what, spec, words } of refusedSpecs) {
    const answer = await create(release('refused', 'late', spec), ['create']);
    assert.equal(answer.code, 1, `${what} is refused`);
    assert.match(answer.stderr, words, what);
  }
  const long = await create(release('n'.repeat(53), 'late'), ['create']);
  assert.match(long.stderr, /52/, 'a name that is too long');
  const unknown = release('unknown', 'late', { analysis: { errors: { toleranc: '1%' } } });
  const serverSide = await create(unknown, ['apply', '--server-side']);
  assert.equal(serverSide.code, 1, 'an unknown field is refused by server-side apply');
  assert.match(serverSide.stderr, /toleranc/);
  const strict = await create(unknown, ['create']);
  assert.equal(strict.code, 1, 'and by strict clients');
  const warned = await create(unknown, ['create', '--validate=warn']);
  assert.equal(warned.code, 0);
  assert.match(warned.stderr, /unknown field "spec\.analysis\.errors\.toleranc"/, 'others are warned');
  await stage.kubectl(['delete', 'canaryrelease', 'unknown']);
  const moved = await stage.kubectl(
    ['patch', 'canaryrelease', 'late', '--type=merge', '-p', '{"spec":{"targetRef":{"name":"x"}}}'],
    { allowFailure: true },
  );
  assert.match(moved.stderr, /cannot be changed/, 'the target of a release');
  stage.facts['refused specs'] = refusedSpecs.length + 4;
}

export const inputCases: Case[] = [
  {
    name: 'bad-input',
    ci: false,
    proves:
      'what cannot be released is refused with its reason and the mend, and nothing is written; mended, it goes on',
    async run(stage) {
      await missingTarget(stage);
      await refusedByTheServer(stage);
      await sharedTarget(stage);
      await refusals(stage);
    },
  },
];
