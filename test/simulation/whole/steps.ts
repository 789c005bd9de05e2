import { commandAnnotations, GATE_LABEL } from '../../../src/api/names.ts';
import { type CanaryRelease, type CanaryReleaseStatus } from '../../../src/api/schema.ts';
import { type Deployment, type KubeObject, resources } from '../../../src/kube/object.ts';
import type { Chance } from './chance.ts';
import type { Stage } from './stage.ts';

/** Something that a person, a GitOps tool or the machine does. */
export interface Step {
  /** Milliseconds after the beginning. */
  at: number;
  what: StepName;
  /** Index of the target. */
  target: number;
  value?: number | string;
}

interface StepKind {
  weight: number;
  draw?(chance: Chance): number | string;
  run(stage: Stage, name: string, value: number | string): Promise<unknown> | void;
}

const seconds = (least: number, most: number) => (chance: Chance) => Math.round(chance.between(least, most));
const anyVersion = (chance: Chance): string => chance.pick(['v1', 'v2', 'v3', 'v4']);
const replicas = (chance: Chance): number => chance.pick([0, 1, 2, 3, 5]);

/** Ready and not, every few seconds. */
const flapping = [1, 5, 9, 13, 30, 34].map((from) => ({ from, to: from + 2 }));

function template(version: string): object {
  return { spec: { template: { spec: { containers: [{ name: 'app', image: `shop:${version}` }] } } } };
}

function command(name: keyof typeof commandAnnotations) {
  return async (stage: Stage, target: string): Promise<void> => {
    const release = await stage.admin.get<CanaryRelease>(resources.canaryReleases, { namespace: 'shop', name: target });
    const status: CanaryReleaseStatus | undefined = release.status;
    const revision = status?.target?.revision;
    if (revision === undefined) return;
    await stage.patchRelease(target, annotation(name, revision, stage));
  };
}

function annotation(name: keyof typeof commandAnnotations, revision: string, stage: Stage): object {
  const value = `${revision}@${new Date(stage.real.now()).toISOString()}`;
  return { metadata: { annotations: { [commandAnnotations[name]]: value } } };
}

/** A GitOps tool applies its whole manifest again, as its repository has it. */
async function applyManifest(stage: Stage, name: string, version: string): Promise<void> {
  const ref = { namespace: 'shop', name };
  const body = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'app', image: `shop:${version}` }] },
      },
    },
  };
  await stage.gitops.patch(resources.deployments, ref, body, { type: 'apply', force: true });
}

/** `kubectl replace` with a manifest that knows nothing of the gate. */
async function replaceTarget(stage: Stage, name: string, version: string): Promise<void> {
  const present = await stage.admin.get<Deployment>(resources.deployments, { namespace: 'shop', name });
  const { replicas: wanted } = present.spec;
  await stage.admin.replace(resources.deployments, stage.deployment(name, version, wanted ?? 1));
}

async function recreateTarget(stage: Stage, name: string, version: string): Promise<void> {
  await stage.admin.delete(resources.deployments, { namespace: 'shop', name }, { propagationPolicy: 'Background' });
  await stage.wait(3000);
  await stage.admin.create(resources.deployments, stage.deployment(name, version, 2));
}

function secondRelease(name: string): KubeObject {
  return {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name: `${name}-too`, namespace: 'shop' },
    spec: { targetRef: { name } },
  };
}

const kinds = {
  'another version': {
    weight: 14,
    draw: anyVersion,
    run: (stage, name, value) => stage.patchTarget(name, template(String(value))),
  },
  'manifest applied': {
    weight: 3,
    draw: anyVersion,
    run: (stage, name, value) => applyManifest(stage, name, String(value)),
  },
  'manifest replaced': {
    weight: 1,
    draw: anyVersion,
    run: (stage, name, value) => replaceTarget(stage, name, String(value)),
  },
  'two versions at once': {
    weight: 1,
    draw: anyVersion,
    run: async (stage, name, value) => {
      await stage.patchTarget(name, template('v2'));
      await stage.patchTarget(name, template(String(value)));
    },
  },
  scale: {
    weight: 2,
    draw: replicas,
    run: (stage, name, value) => stage.patchTarget(name, { spec: { replicas: value } }),
  },
  restart: {
    weight: 2,
    run: (stage, name) => {
      const annotations = { 'kubectl.kubernetes.io/restartedAt': String(stage.real.now()) };
      return stage.patchTarget(name, { spec: { template: { metadata: { annotations } } } });
    },
  },
  'resume by hand': { weight: 1, run: (stage, name) => stage.patchTarget(name, { spec: { paused: null } }) },
  'pause by hand': { weight: 1, run: (stage, name) => stage.pauseByHand(name) },
  'label removed': {
    weight: 1,
    run: (stage, name) => stage.patchTarget(name, { metadata: { labels: { [GATE_LABEL]: null } } }),
  },
  'gate opened': {
    weight: 0.3,
    run: async (stage, name) => {
      await stage.patchTarget(name, { metadata: { labels: { [GATE_LABEL]: 'open' } } });
      await stage.patchTarget(name, { spec: { paused: null } });
    },
  },
  'gate closed': {
    weight: 0.5,
    run: (stage, name) => stage.closeGate(name),
  },
  promote: { weight: 1, run: command('promote') },
  'promote next': {
    weight: 0.5,
    run: (stage, name) => stage.patchRelease(name, annotation('promote', 'next', stage)),
  },
  abort: { weight: 1, run: command('abort') },
  retry: { weight: 1, run: command('retry') },
  hold: { weight: 0.5, run: command('hold') },
  suspend: { weight: 0.5, run: (stage, name) => stage.patchRelease(name, { spec: { suspend: true } }) },
  'go on': { weight: 1, run: (stage, name) => stage.patchRelease(name, { spec: { suspend: false } }) },
  'canary deleted': {
    weight: 1,
    draw: (chance) => chance.pick(['Background', 'Foreground', 'Orphan']),
    run: (stage, name, value) =>
      stage.admin.delete(
        resources.deployments,
        { namespace: 'shop', name: `${name}-canary` },
        { propagationPolicy: value as 'Background' },
      ),
  },
  'canary scaled': {
    weight: 1,
    draw: replicas,
    run: (stage, name, value) => stage.patchTarget(`${name}-canary`, { spec: { replicas: value } }),
  },
  'release deleted': {
    weight: 0.7,
    run: (stage, name) => stage.admin.delete(resources.canaryReleases, { namespace: 'shop', name }),
  },
  'release created': { weight: 1.5, run: (stage, name) => stage.createRelease(name) },
  'second release created': {
    weight: 0.5,
    run: (stage, name) => stage.admin.create(resources.canaryReleases, secondRelease(name)),
  },
  'second release deleted': {
    weight: 0.7,
    run: (stage, name) => stage.admin.delete(resources.canaryReleases, { namespace: 'shop', name: `${name}-too` }),
  },
  'foreign source named': {
    weight: 0.3,
    draw: (chance) => chance.pick(['restricted', 'http://169.254.169.254/', 'default']),
    run: (stage, name, value) => stage.patchRelease(name, { spec: { analysis: { prometheus: { name: value } } } }),
  },
  'target recreated': {
    weight: 0.3,
    draw: anyVersion,
    run: (stage, name, value) => recreateTarget(stage, name, String(value)),
  },
  'pod deleted': { weight: 1, draw: seconds(0, 9), run: (stage, name, value) => stage.deletePod(name, Number(value)) },
  'no traffic': {
    weight: 0.7,
    draw: seconds(30, 400),
    run: (stage, name, value) => stage.setLoad(name, 0, Number(value) * 1000),
  },
  'source down': {
    weight: 0.7,
    draw: seconds(10, 500),
    run: (stage, _, value) => stage.sourceDown(Number(value) * 1000),
  },
  'receiver down': {
    weight: 0.5,
    draw: seconds(10, 900),
    run: (stage, _, value) => stage.receiverDown(Number(value) * 1000),
  },
  'writes forbidden': {
    weight: 0.4,
    draw: seconds(5, 90),
    run: (stage, _, value) => stage.forbid('writes', Number(value) * 1000),
  },
  'reads forbidden': {
    weight: 0.3,
    draw: seconds(5, 90),
    run: (stage, _, value) => stage.forbid('reads', Number(value) * 1000),
  },
  'pod crashes': {
    weight: 0.7,
    draw: seconds(0, 9),
    run: (stage, name, value) => stage.troublePod(name, Number(value), { crash: { afterSeconds: 0.1, times: 1 } }),
  },
  'pod evicted': {
    weight: 0.5,
    draw: seconds(0, 9),
    run: (stage, name, value) => stage.troublePod(name, Number(value), { evict: { afterSeconds: 0.1 } }),
  },
  'pod flaps': {
    weight: 0.5,
    draw: seconds(0, 9),
    run: (stage, name, value) => stage.troublePod(name, Number(value), { unready: flapping }),
  },
  'foreign canary created': { weight: 0.3, run: (stage, name) => stage.createForeignCanary(name) },
  'foreign canary deleted': { weight: 0.5, run: (stage, name) => stage.deleteForeignCanary(name) },
  'operator killed': { weight: 1, draw: seconds(0, 2), run: (stage, _, value) => stage.killOperator(Number(value)) },
  'operator stopped': { weight: 0.5, draw: seconds(0, 2), run: (stage, _, value) => stage.stopOperator(Number(value)) },
  'operator paused': {
    weight: 1,
    draw: seconds(1, 60),
    run: (stage, _, value) => stage.pauseOperator(Number(value) * 1000),
  },
  'clock jumps': {
    weight: 0.4,
    draw: seconds(-30, 30),
    run: (stage, _, value) => stage.jumpOperator(Number(value) * 1000),
  },
  'history compacted': { weight: 0.5, run: (stage) => stage.compact() },
} satisfies Record<string, StepKind>;

export type StepName = keyof typeof kinds;

export const steps: Record<StepName, StepKind> = kinds;

/** Each as often as it is to be drawn. */
export const stepNames: StepName[] = (Object.keys(kinds) as StepName[]).flatMap((name) =>
  Array.from({ length: Math.round(kinds[name].weight * 10) }, () => name),
);
