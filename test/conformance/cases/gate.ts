import { expect } from 'vitest';
import type { KubeApi } from '../../../src/kube/api.ts';
import { type Deployment, resources } from '../../../src/kube/object.ts';
import { arm, fenced, gateLabel, gateOf, installPolicies } from '../policies.ts';
import { type Case, failureOf, merge, ref, rolledOut, type Stage, sizes, template, web } from '../under-test.ts';

type Writer = (stage: Stage, api: KubeApi) => Promise<Deployment>;

function manifest(stage: Stage, spec: Record<string, unknown> = {}): Deployment {
  return web(stage, { version: 'v2', spec });
}

/** Writers that bring v2, as tools do; each is run twice. */
const writers: Record<string, Writer> = {
  'kubectl replace': (stage, api) => api.replace(resources.deployments, manifest(stage)),
  'kubectl replace with paused: false': (stage, api) =>
    api.replace(resources.deployments, manifest(stage, { paused: false })),
  'server-side apply': (stage, api) =>
    api.patch(resources.deployments, ref(stage), manifest(stage), { type: 'apply', force: true }),
  'server-side apply with paused: false': (stage, api) =>
    api.patch(resources.deployments, ref(stage), manifest(stage, { paused: false }), { type: 'apply', force: true }),
  'client-side apply with paused: false': (stage, api) => {
    const body = { spec: { paused: false, template: template('v2') } };
    return api.patch(resources.deployments, ref(stage), body, { type: 'strategic' });
  },
  'kubectl set image': (stage, api) => {
    const containers = [{ name: 'app', image: 'registry.k8s.io/pause:v2' }];
    const order = { '$setElementOrder/containers': [{ name: 'app' }] };
    return api.patch(
      resources.deployments,
      ref(stage),
      { spec: { template: { spec: { ...order, containers } } } },
      {
        type: 'strategic',
      },
    );
  },
  'kubectl rollout undo': (stage, api) => {
    const body = [
      { op: 'replace', path: '/spec/template', value: template('v2') },
      { op: 'replace', path: '/metadata/annotations', value: { note: 'undone' } },
    ];
    return api.patch(resources.deployments, ref(stage), body, { type: 'json' });
  },
  'kubectl rollout restart': (stage, api) => {
    const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' };
    return api.patch(
      resources.deployments,
      ref(stage),
      { spec: { template: { metadata: { annotations } } } },
      {
        type: 'strategic',
      },
    );
  },
  'a template change that takes the label off': (stage, api) => {
    const body = {
      metadata: { labels: { [gateLabel(stage)]: null } },
      spec: { template: template('v2'), paused: null },
    };
    return api.patch(resources.deployments, ref(stage), body, { type: 'merge' });
  },
};

/** Writes that leave the template alone and would let it go. */
const openers = (stage: Stage): Record<string, object> => ({
  'kubectl rollout resume': { spec: { paused: null } },
  'paused: false': { spec: { paused: false } },
  'the label taken off': { metadata: { labels: { [gateLabel(stage)]: null } } },
  'all labels taken off': { metadata: { labels: null }, spec: { paused: null } },
  'the label set to armed': { metadata: { labels: { [gateLabel(stage)]: 'armed' } }, spec: { paused: null } },
  'the label set to nonsense': { metadata: { labels: { [gateLabel(stage)]: 'nonsense' } }, spec: { paused: null } },
});

async function armed(stage: Stage): Promise<void> {
  await installPolicies(stage);
  await stage.api.create(resources.deployments, web(stage));
  await rolledOut(stage);
  await arm(stage);
}

export const gateCases: Case[] = [
  {
    name: 'every writer is held, twice',
    async run(stage) {
      await armed(stage);
      const before = await sizes(stage);
      for (const [name, write] of Object.entries(writers)) {
        for (const round of ['once', 'twice']) {
          const answer = await write(stage, stage.under.manager('writer'));
          expect(`${name} ${round}: ${gateOf(answer)}`).toBe(`${name} ${round}: holding, paused`);
        }
        await stage.under.pass(1);
        expect(await sizes(stage)).toEqual(before);
        const open = web(stage, { labels: { [gateLabel(stage)]: 'open' } });
        const back = await stage.api.replace<Deployment>(resources.deployments, open);
        expect(gateOf(back)).toBe('open');
        await rolledOut(stage);
        await merge(stage, { metadata: { labels: { [gateLabel(stage)]: 'armed' } } });
      }
    },
  },
  {
    name: 'nothing but open and the operator lets go',
    async run(stage) {
      await armed(stage);
      expect(gateOf(await merge(stage, { spec: { template: template('v2') } }))).toBe('holding, paused');
      for (const [name, body] of Object.entries(openers(stage))) {
        expect(`${name}: ${gateOf(await merge(stage, body))}`).toBe(`${name}: holding, paused`);
      }
      const scaled = await merge(stage, { spec: { replicas: 3 } });
      expect(gateOf(scaled)).toBe('holding, paused');
      const tandem = await stage.under.tandem(stage.namespace);
      const reject = { metadata: { labels: { [gateLabel(stage)]: 'rejected' } } };
      const rejected = await tandem.patch<Deployment>(resources.deployments, ref(stage), reject, { type: 'merge' });
      expect(gateOf(rejected)).toBe('rejected, paused');
      for (const [name, body] of Object.entries(openers(stage))) {
        expect(`${name}: ${gateOf(await merge(stage, body))}`).toBe(`${name}: rejected, paused`);
      }
      expect(gateOf(await merge(stage, { spec: { template: template('v3') } }))).toBe('holding, paused');
      const opened = await merge(stage, { metadata: { labels: { [gateLabel(stage)]: 'open' } } });
      expect(gateOf(opened)).toBe('open, paused');
      expect(gateOf(await merge(stage, { spec: { paused: null } }))).toBe('open');
    },
  },
  {
    name: 'only the operator resumes, against the version that it read',
    async run(stage) {
      await armed(stage);
      const held = await merge(stage, { spec: { template: template('v2') } });
      const tandem = await stage.under.tandem(stage.namespace);
      const resume = (resourceVersion: string | undefined): Promise<Deployment> => {
        const body = { metadata: { resourceVersion, labels: { [gateLabel(stage)]: 'armed' } }, spec: { paused: null } };
        return tandem.patch(resources.deployments, ref(stage), body, { type: 'merge' });
      };
      await merge(stage, { metadata: { labels: { other: 'x' } } });
      expect(await failureOf(resume(held.metadata.resourceVersion))).toMatchObject({ status: 409, reason: 'Conflict' });
      const resumed = await retried(async () => {
        const now = await stage.api.get<Deployment>(resources.deployments, ref(stage));
        return resume(now.metadata.resourceVersion);
      });
      expect(gateOf(resumed)).toBe('armed');
      await rolledOut(stage);
      expect(await sizes(stage)).toEqual({ v1: 0, v2: 2 });
      const own = tandem.patch<Deployment>(
        resources.deployments,
        ref(stage),
        { spec: { template: template('v3') } },
        {
          type: 'merge',
          dryRun: true,
        },
      );
      expect(gateOf(await own)).toBe('holding, paused');
    },
  },
  {
    name: 'the fence: the operator changes nothing else, and others are not fenced',
    async run(stage) {
      await armed(stage);
      const tandem = await stage.under.tandem(stage.namespace);
      const attempt = (body: object): Promise<unknown> =>
        tandem.patch(resources.deployments, ref(stage), body, { type: 'merge' });
      const refused = await fenced(stage, () => attempt({ spec: { replicas: 5 } }));
      expect(refused).toMatchObject({ status: 422, reason: 'Invalid' });
      expect((refused as Error).message).toMatch(
        new RegExp(
          `^deployments.apps "web" is forbidden: ValidatingAdmissionPolicy '${stage.namespace}-fence-deployments' with binding '${stage.namespace}-fence-deployments' denied request: Tandem may change only`,
        ),
      );
      for (const body of [
        { spec: { template: template('v2') } },
        { spec: { minReadySeconds: 3 } },
        { metadata: { labels: { other: 'x' } } },
        { metadata: { annotations: { other: 'x' } } },
        { metadata: { finalizers: ['example.com/x'] } },
      ]) {
        expect(await failureOf(attempt(body))).toMatchObject({ status: 422 });
      }
      expect(await failureOf(tandem.create(resources.deployments, web(stage, { name: 'rogue' })))).toMatchObject({
        status: 422,
      });
      expect(await failureOf(tandem.delete(resources.deployments, ref(stage)))).toMatchObject({ status: 422 });
      const allowed = {
        metadata: { annotations: { [gateLabel(stage).replace('gate', 'note')]: 'x' } },
        spec: { paused: true },
      };
      await attempt(allowed);
      await tandem.patch(resources.deployments, ref(stage), { spec: { replicas: 5 } }, { type: 'merge', dryRun: true });
      await merge(stage, { spec: { replicas: 3, paused: null } });
    },
  },
];

/** Reads and writes again on a conflict: the controller's status writes move the version meanwhile. */
async function retried(write: () => Promise<Deployment>): Promise<Deployment> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}
