import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import type { Deployment } from '../../../src/kube/object.ts';
import { shopDeployment } from '../../app/shop.ts';
import { testCluster } from '../../cluster/environment.ts';
import type { Case } from '../case.ts';
import { samePods } from '../check.ts';
import type { Stage } from '../stage.ts';
import { startWebhook, WANTED_TAG } from '../webhook.ts';

/** Every way in which a Deployment is written, each twice: the second write of the same file opened an earlier gate. */

interface Writer {
  name: string;
  write(stage: Stage): Promise<unknown>;
}

function manifest(stage: Stage, version: string, spec: Record<string, unknown> = {}): string {
  return stringify(shopDeployment({ namespace: stage.namespace, name: 'shop', replicas: 3, version, spec }));
}

/** The live object with another version and without what the gate wrote, as a tool that sends whole objects does. */
async function whole(stage: Stage, version: string): Promise<string> {
  const live = await stage.target();
  const container = live.spec.template.spec.containers[0];
  if (container !== undefined) container.image = `docker.io/library/shop:${version}`;
  const { paused: _, ...spec } = live.spec;
  const { name, namespace } = live.metadata;
  return stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { app: 'shop' } },
    spec,
  });
}

const serverSide = ['apply', '--server-side', '--force-conflicts', '--field-manager=gitops', '-f', '-'];

/** Each is tried with a new template first, and then again as it is. */
const writers: Writer[] = [
  { name: 'client-side apply', write: (s) => s.kubectl(['apply', '-f', '-'], { input: manifest(s, 'v2') }) },
  {
    name: 'client-side apply, paused: false',
    write: (s) => s.kubectl(['apply', '-f', '-'], { input: manifest(s, 'v3', { paused: false }) }),
  },
  { name: 'server-side apply', write: (s) => s.kubectl(serverSide, { input: manifest(s, 'v4') }) },
  {
    name: 'server-side apply, paused: false',
    write: (s) => s.kubectl(serverSide, { input: manifest(s, 'v5', { paused: false }) }),
  },
  { name: 'replace', write: async (s) => s.kubectl(['replace', '-f', '-'], { input: await whole(s, 'v6') }) },
  { name: 'set image', write: (s) => s.kubectl(['set', 'image', 'deployment/shop', 'shop=docker.io/library/shop:v7']) },
  {
    name: 'merge patch that resumes and takes the label',
    write: (s) =>
      s.kubectl([
        'patch',
        'deployment',
        'shop',
        '--type=merge',
        '-p',
        JSON.stringify({
          metadata: { labels: { 'tandem.dev/gate': null } },
          spec: { paused: null, template: { metadata: { annotations: { try: 'merge' } } } },
        }),
      ]),
  },
  {
    name: 'JSON patch that resumes and takes the label',
    write: async (s) => {
      const operations = [
        { op: 'remove', path: '/metadata/labels/tandem.dev~1gate' },
        { op: 'replace', path: '/spec/paused', value: false },
        { op: 'add', path: '/spec/template/metadata/annotations/try', value: 'json' },
      ];
      return s.kubectl(['patch', 'deployment', 'shop', '--type=json', '-p', JSON.stringify(operations)], {
        allowFailure: true,
      });
    },
  },
  { name: 'rollout resume', write: (s) => s.kubectl(['rollout', 'resume', 'deployment/shop'], { allowFailure: true }) },
  {
    name: 'rollout restart',
    write: (s) => s.kubectl(['rollout', 'restart', 'deployment/shop'], { allowFailure: true }),
  },
  {
    name: 'restart by a patch',
    write: (s) =>
      s.kubectl([
        'patch',
        'deployment',
        'shop',
        '-p',
        JSON.stringify({
          spec: {
            template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() } } },
          },
        }),
      ]),
  },
  { name: 'rollout undo', write: (s) => s.kubectl(['rollout', 'undo', 'deployment/shop'], { allowFailure: true }) },
  { name: 'label removed', write: (s) => s.kubectl(['label', 'deployment', 'shop', 'tandem.dev/gate-']) },
  {
    name: 'label set to armed',
    write: (s) => s.kubectl(['label', '--overwrite', 'deployment', 'shop', 'tandem.dev/gate=armed']),
  },
];

/** Writers that leave the template alone: it stays rejected. */
async function sameTemplate(stage: Stage): Promise<Writer[]> {
  const live = await stage.target();
  const { paused: _, ...spec } = live.spec;
  const { name, namespace } = live.metadata;
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { app: 'shop' } },
    spec,
  };
  const resumed = stringify({ ...object, spec: { ...spec, paused: false } });
  const names = ['rollout resume', 'label removed', 'label set to armed'];
  return [
    { name: 'replace', write: (s) => s.kubectl(['replace', '-f', '-'], { input: stringify(object) }) },
    { name: 'replace, paused: false', write: (s) => s.kubectl(['replace', '-f', '-'], { input: resumed }) },
    { name: 'server-side apply, paused: false', write: (s) => s.kubectl(serverSide, { input: resumed }) },
    ...writers.filter((writer) => names.includes(writer.name)),
  ];
}

async function heldAndStill(stage: Stage, before: string[], what: string): Promise<void> {
  const live = await stage.target();
  assert.equal(live.spec.paused, true, `${what}: still paused`);
  assert.match(live.metadata.labels?.['tandem.dev/gate'] ?? '', /^(holding|rejected)$/, `${what}: still held`);
  samePods(before, await stage.stablePods());
}

export const gateCases: Case[] = [
  {
    name: 'gate-writers',
    ci: true,
    proves: 'every writer, each twice, leaves a held target paused, labelled and on its pods',
    load: 15,
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const before = await stage.stablePods();
      for (const writer of writers) {
        for (const time of ['first', 'second']) {
          await writer.write(stage);
          await heldAndStill(stage, before, `${writer.name}, ${time} write`);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 5000));
      await heldAndStill(stage, before, 'five seconds later');
      stage.facts['writers'] = writers.length;
      const diff = await stage.kubectl(
        ['diff', '--server-side', '--force-conflicts', '--field-manager=gitops', '-f', '-'],
        {
          input: manifest(stage, 'v5').replace('v5', 'v7').replace('v5', 'v7'),
          allowFailure: true,
        },
      );
      assert.doesNotMatch(diff.stdout, /^[-+]\s+paused:/m, 'kubectl diff does not show the gate');
      await stage.waitPhase('Analyzing');
      await stage.tandem(['abort', 'shop']);
      await stage.waitPhase('Rejected');
      for (const writer of await sameTemplate(stage)) {
        for (const time of ['first', 'second']) {
          await writer.write(stage);
          await heldAndStill(stage, before, `${writer.name} of a rejected template, ${time} write`);
          assert.equal(await stage.gate(), 'rejected', `${writer.name}: it stays rejected`);
        }
      }
    },
  },
  {
    name: 'gate-webhook',
    ci: true,
    proves: 'a webhook that changes the template after the policy, in writes that do not touch it, opens nothing',
    load: 15,
    async run(stage) {
      if (!testCluster().isOwn) return stage.note('not tried: the cluster cannot reach a webhook of this machine');
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const before = await stage.stablePods();
      const webhook = await startWebhook();
      try {
        await stage.apply(webhook.configuration(stage.namespace));
        const write = (tag: string): Promise<unknown> =>
          stage.kubectl(['annotate', '--overwrite', 'deployment', 'shop', `${WANTED_TAG}=${tag}`]);
        await stage.waitFor(
          'the webhook is asked',
          async () => {
            await stage.kubectl([
              'annotate',
              '--overwrite',
              'deployment',
              'shop',
              `${WANTED_TAG}=v2`,
              `try=${Date.now()}`,
            ]);
            return (await stage.target()).spec.template.spec.containers[0]?.image?.endsWith(':v2') === true;
          },
          20,
        );
        await heldAndStill(stage, before, 'a webhook changed the template of an armed target');
        for (const tag of ['v3', 'v3', 'v4']) {
          await write(tag);
          assert.match((await stage.target()).spec.template.spec.containers[0]?.image ?? '', new RegExp(`:${tag}$`));
          await heldAndStill(stage, before, `a webhook changed the template of a held target to ${tag}`);
        }
      } finally {
        await stage.kubectl(['delete', 'mutatingwebhookconfiguration', stage.namespace, '--ignore-not-found']);
        await webhook.close();
      }
    },
  },
  {
    name: 'gate-open',
    ci: false,
    proves: "a person's way out: label open and resume roll the version without the operator's word",
    load: 15,
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await stage.kubectl(['label', '--overwrite', 'deployment', 'shop', 'tandem.dev/gate=open']);
      await stage.kubectl(['rollout', 'resume', 'deployment/shop']);
      await stage.kubectl(['rollout', 'status', 'deployment/shop', '--timeout=90s']);
      await stage.waitFor('no canary', async () => !(await stage.canaryExists()), 60);
      await stage.kubectl(['label', '--overwrite', 'deployment', 'shop', 'tandem.dev/gate=armed']);
      await stage.waitPhase('Idle');
      await stage.release({ version: 'v3' });
      await stage.waitPhase('Analyzing');
    },
  },
  {
    name: 'recreated',
    ci: false,
    proves: 'a target that is deleted and created again is adopted as it is, said as GateBypassed',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt();
      await stage.kubectl(['delete', 'deployment', 'shop']);
      await stage.kubectl(['create', '-f', '-'], { input: manifest(stage, 'v2') });
      await stage.waitOutcome('Bypassed', 60);
      await stage.waitFor('armed again', async () => (await stage.gate()) === 'armed', 60);
      const events = await stage.kubectl(['get', 'events.events.k8s.io', '-o', 'jsonpath={.items[*].reason}']);
      assert.match(events.stdout, /GateBypassed/);
    },
  },
  {
    name: 'scaled-to-zero',
    ci: false,
    proves: 'scaled to 0 and up again while held, after a revert too, stable comes back and nothing else',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const toZeroAndBack = async (): Promise<void> => {
        await stage.kubectl(['scale', 'deployment/shop', '--replicas=0']);
        await stage.waitFor('no pods', async () => (await stage.stablePods()).length === 0, 60);
        await stage.kubectl(['scale', 'deployment/shop', '--replicas=3']);
        const three = async (): Promise<boolean> =>
          (await stage.stablePods()).length === 3 && (await availableOf(stage)) === 3;
        await stage.waitFor('three pods', three, 60);
        assert.deepEqual(await stage.stableVersions(), ['v1', 'v1', 'v1'], 'only stable serves');
      };
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await toZeroAndBack();
      await stage.waitPhase('Analyzing', 120);
      await stage.tandem(['abort', 'shop']);
      await stage.waitPhase('Rejected');
      await toZeroAndBack();
      await stage.release({ version: 'v1' });
      await stage.waitPhase('Idle', 60);
      await stage.release({ version: 'v3' });
      await stage.waitPhase('Analyzing');
      await toZeroAndBack();
    },
  },
  {
    name: 'paused-mode',
    ci: false,
    proves: 'gate: Paused keeps the target paused, tests and promotes, and pauses again',
    load: 15,
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ gate: 'Paused', analysis: { minDuration: '10m' } });
      await stage.waitFor('paused', async () => (await stage.target()).spec.paused === true, 30);
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await stage.tandem(['promote', 'shop']);
      await stage.waitOutcome('Promoted', 120);
      await stage.waitFor('paused again', async () => (await stage.target()).spec.paused === true, 60);
      await stage.waitPhase('Idle');
    },
  },
];

async function availableOf(stage: Stage): Promise<number> {
  const target: Deployment = await stage.target();
  return target.status?.availableReplicas ?? 0;
}
