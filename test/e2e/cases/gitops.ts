import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { GATE_LABEL } from '../../../src/api/names.ts';
import { type Deployment, type KubeObject, type Resource, resources } from '../../../src/kube/object.ts';
import { shop } from '../../app/shop.ts';
import type { Case } from '../case.ts';
import { noLostRequests } from '../check.ts';
import { type CommandResult, canaryRelease, ready, type Stage } from '../stage.ts';

/** A tool that applies the same manifests again and again, as GitOps tools do. */

interface Writer {
  write(stage: Stage, objects: KubeObject[]): Promise<void>;
  diff: string[];
}

const kinds: Record<string, Resource> = {
  Deployment: resources.deployments,
  Service: resources.services,
  CanaryRelease: resources.canaryReleases,
};

/** As `kubectl apply --server-side --force-conflicts` and Argo CD do, without a process for each write. */
async function applyOnServer(stage: Stage, objects: KubeObject[]): Promise<void> {
  for (const object of objects) {
    const resource = kinds[object.kind];
    if (resource === undefined) throw new Error(`no resource for ${object.kind}`);
    const ref = { namespace: stage.namespace, name: object.metadata.name };
    await stage.api.patch(resource, ref, object, { type: 'apply', force: true });
  }
}

async function applyOnClient(stage: Stage, objects: KubeObject[]): Promise<void> {
  await stage.kubectl(['apply', '-f', '-'], { input: textOf(objects) });
}

function textOf(objects: KubeObject[]): string {
  return objects.map((object) => stringify(object)).join('---\n');
}

const serverSide = ['--server-side', '--force-conflicts', '--field-manager=e2e'];
const writers: Record<string, Writer> = {
  'server-side': { write: applyOnServer, diff: ['diff', ...serverSide, '-f', '-'] },
  'client-side': { write: applyOnClient, diff: ['diff', '-f', '-'] },
};

const everySeconds = 2;

/** What stands in git; written every two seconds until `stop`. */
class Repository {
  private objects: KubeObject[] = [];
  private stopped = false;
  private looping: Promise<void> = Promise.resolve();
  writes = 0;

  private readonly stage: Stage;
  private readonly writer: Writer;

  constructor(stage: Stage, writer: Writer) {
    this.stage = stage;
    this.writer = writer;
  }

  /** Commits a version; it is written by the next round. */
  commit(version: string, env: Record<string, string> = {}): void {
    const { namespace } = this.stage;
    const analysis = {
      minDuration: '20s',
      warmup: '5s',
      deadline: '90s',
      latency: { enabled: false },
      cpu: { enabled: false },
      memory: { enabled: false },
    };
    this.objects = [
      ...shop({ namespace, name: 'shop', replicas: 3, version, env }),
      canaryRelease(namespace, { analysis }),
    ];
  }

  start(): void {
    this.looping = (async () => {
      while (!this.stopped) {
        await this.write();
        await new Promise((resolve) => setTimeout(resolve, everySeconds * 1000));
      }
    })();
  }

  async write(): Promise<void> {
    await this.writer.write(this.stage, this.objects);
    this.writes += 1;
  }

  /** `kubectl diff` says that nothing differs; asked again when a status moved between its two reads. */
  async silent(when: string): Promise<void> {
    const ask = (): Promise<CommandResult> =>
      this.stage.kubectl(this.writer.diff, { input: textOf(this.objects), allowFailure: true });
    let answer = await ask();
    for (let again = 0; again < 3 && answer.code !== 0; again += 1) answer = await ask();
    assert.equal(answer.code, 0, `kubectl diff ${when}: ${answer.stdout}${answer.stderr}`);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.looping;
  }
}

interface Look {
  text: string;
  generation: number;
}

/** Every state of the target that the API server ever showed, without repetitions. */
function follow(stage: Stage): { looks: Look[]; stop(): void } {
  const looks: Look[] = [];
  const abort = new AbortController();
  const options = { namespace: stage.namespace, sendInitialEvents: true, signal: abort.signal, timeoutSeconds: 1800 };
  const run = async (): Promise<void> => {
    for await (const { type, object } of stage.api.watch<Deployment>(resources.deployments, options)) {
      if (type === 'BOOKMARK' || object.metadata.name !== 'shop') continue;
      const version = object.spec.template.spec.containers[0]?.image?.split(':').at(-1);
      const words = [version, object.metadata.labels?.[GATE_LABEL], object.spec.paused === true ? 'paused' : ''];
      const text = words.join(' ').trim();
      const generation = object.metadata.generation ?? 0;
      const last = looks.at(-1);
      if (last?.text !== text || last.generation !== generation) looks.push({ text, generation });
    }
  };
  run().catch((error: unknown) => {
    if (!abort.signal.aborted) stage.note(`the watch ended: ${String(error)}`);
  });
  return { looks, stop: () => abort.abort() };
}

async function reapplied(stage: Stage, writer: Writer): Promise<void> {
  const git = new Repository(stage, writer);
  git.commit('v1');
  await git.write();
  await stage.kubectl(['rollout', 'status', 'deployment/shop', '--timeout=120s']);
  await stage.waitFor('armed and proven', async () => ready(await stage.status()) === 'Stable');
  const load = await stage.load({ rate: 60 });
  const { looks, stop } = follow(stage);
  git.start();
  try {
    await new Promise((resolve) => setTimeout(resolve, 3 * everySeconds * 1000));
    await git.silent('while armed');
    git.commit('v2');
    await stage.waitPhase('Analyzing');
    await git.silent('while a version is held');
    await stage.waitOutcome('Promoted', 300);
    await stage.waitPhase('Idle');
    await git.silent('after a promotion');
    git.commit('v3', { CRASH_AFTER_S: '1' });
    await stage.waitPhase('Rejected', 120);
    await new Promise((resolve) => setTimeout(resolve, 3 * everySeconds * 1000));
    await git.silent('after a rejection');
  } finally {
    await git.stop();
    stop();
  }
  stage.facts['writes'] = git.writes;
  const states = looks.map(({ text }) => text);
  const expected = ['v1 armed', 'v2 holding paused', 'v2 armed', 'v3 holding paused', 'v3 rejected paused'];
  assert.deepEqual(states, expected, 'no field was flipped, and the generation moved with the releases alone');
  assert.deepEqual(await stage.stableVersions(), ['v2', 'v2', 'v2']);
  noLostRequests(await load.stop(), 60);
}

export const gitopsCases: Case[] = Object.entries(writers).map(([name, writer]) => ({
  name: `gitops-${name}`,
  ci: false,
  proves: `the same manifests applied ${name} every 2 s through a good and a rejected release: no field flips, no drift`,
  run: (stage) => reapplied(stage, writer),
}));
