import assert from 'node:assert/strict';
import type { LedgerEntry } from '../../../src/api/schema.ts';
import { type KubeObject, type Pod, resources } from '../../../src/kube/object.ts';
import type { Case } from '../case.ts';
import { noLostRequests, samePods } from '../check.ts';
import type { Stage } from '../stage.ts';

/** One canary pod is one draw: a gauge that is slightly worse is asked for once more, of the next pod. */

/** What every pod holds beside itself, so that its own few megabytes make no difference. */
const usual = '100000000';
/** With it a pod uses more by about two thirds: over the tolerance, and by less than twice the tolerance. */
const fat = '170000000';
const analysis = {
  source: 'Prometheus',
  minDuration: '60s',
  deadline: '12m',
  memory: { tolerance: '40%' },
  latency: { enabled: false },
  cpu: { enabled: false },
};

interface Seen {
  /** The canary's pods, in the order in which they were seen. */
  pods: string[];
  before: string[];
}

async function start(stage: Stage, holdBytes: string): Promise<Seen> {
  await stage.deploy({ version: 'v1', memoryLimit: '512Mi', env: { LEAK_BYTES_AT_START: usual } });
  await stage.adopt({ analysis });
  await stage.load({ rate: 60 });
  const before = await stage.stablePods();
  await stage.release({ version: 'v2', env: { LEAK_BYTES_AT_START: holdBytes } });
  await stage.waitPhase('Analyzing', 90);
  return { before, pods: await canaryPods(stage) };
}

async function canaryPods(stage: Stage): Promise<string[]> {
  const { namespace } = stage;
  const pods = await stage.api.list<Pod>(resources.pods, { namespace, labelSelector: 'tandem.dev/track=canary' });
  return pods.items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
}

/** This pod alone uses more memory, as by bad luck. */
async function fatten(stage: Stage, pod: string): Promise<void> {
  const path = `/api/v1/namespaces/${stage.namespace}/pods/${pod}:8080/proxy/behave?LEAK_BYTES_AT_START=${fat}`;
  await stage.kubectl(['get', '--raw', path]);
}

async function waitAsked(stage: Stage, seen: Seen): Promise<void> {
  const asked = async (): Promise<boolean> => (await stage.status()).analysis?.secondOpinion !== undefined;
  await stage.waitFor('a second opinion is asked for', asked, 420);
  const { analysis: now } = await stage.status();
  stage.note(`asked: ${now?.sentence}`);
  assert.deepEqual(now?.secondOpinion?.pods, seen.pods, 'the pod that was worse was deleted, and no other');
  samePods(seen.before, await stage.stablePods());
}

async function ended(stage: Stage, seen: Seen, outcome: string): Promise<LedgerEntry> {
  const next: string[] = [];
  await stage.waitFor(
    'the next pod',
    async () => {
      next.splice(0, next.length, ...(await canaryPods(stage)).filter((name) => !seen.pods.includes(name)));
      return next.length > 0;
    },
    90,
  );
  stage.facts['next pod'] = next.length;
  const entry = await stage.waitOutcome(outcome, 720);
  stage.note(entry.sentence);
  assert.equal((await events(stage)).length, 1, 'asked once');
  for (const record of stage.records()) noLostRequests(record, 2);
  return entry;
}

async function events(stage: Stage): Promise<KubeObject[]> {
  const all = await stage.api.list<KubeObject & { reason?: string }>(resources.events, { namespace: stage.namespace });
  return all.items.filter(({ reason }) => reason === 'SecondOpinion');
}

export const secondOpinionCases: Case[] = [
  {
    name: 'second-agrees',
    ci: false,
    proves: 'a version that is slightly worse in memory is taken back when the next pod is so too',
    async run(stage) {
      const seen = await start(stage, fat);
      await waitAsked(stage, seen);
      const entry = await ended(stage, seen, 'RolledBack');
      assert.equal(entry.reason, 'memory');
      assert.match(entry.sentence, /a second pod agreed/);
      samePods(seen.before, await stage.stablePods());
    },
  },
  {
    name: 'second-disagrees',
    ci: false,
    proves: 'a pod that uses more memory by bad luck: the next one does not, and the version is promoted',
    async run(stage) {
      const seen = await start(stage, usual);
      await fatten(stage, seen.pods[0] ?? '');
      await waitAsked(stage, seen);
      const entry = await ended(stage, seen, 'Promoted');
      assert.notEqual(entry.verdict, 'Regression');
    },
  },
  {
    name: 'second-blocked',
    ci: false,
    proves: 'the next pod finds no room: said as blocked, no verdict comes of it, and it is heard when there is room',
    async run(stage) {
      const seen = await start(stage, usual);
      await fatten(stage, seen.pods[0] ?? '');
      const quota = { name: 'pods', namespace: stage.namespace };
      await stage.apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: quota, spec: { hard: { pods: '3' } } });
      await waitAsked(stage, seen);
      const blocked = async (): Promise<boolean> => (await stage.status()).analysis?.reason === 'CanaryBlocked';
      await stage.waitFor('blocked', blocked, 120);
      const status = await stage.status();
      stage.note(status.message ?? '');
      assert.notEqual(status.phase, 'Rejected');
      assert.equal(await stage.gate(), 'holding');
      samePods(seen.before, await stage.stablePods());
      await stage.kubectl(['delete', 'resourcequota', 'pods']);
      const entry = await ended(stage, seen, 'Promoted');
      assert.notEqual(entry.verdict, 'Regression');
    },
  },
];
