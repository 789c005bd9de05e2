import assert from 'node:assert/strict';
import type { RunningLoad } from '../../load/load.ts';
import type { Case } from '../case.ts';
import { noLostRequests } from '../check.ts';
import { conditionOf, type Stage } from '../stage.ts';

/** Promotions that meet a full namespace, a version that never gets ready, and an autoscaler. */

interface Watched {
  least: number;
  most: number;
  stop(): Promise<void>;
}

/** The fewest Available and the most wanted pods of the target from now on. */
function watchReplicas(stage: Stage): Watched {
  const seen = { least: Number.POSITIVE_INFINITY, most: 0 };
  let stopped = false;
  const run = async (): Promise<void> => {
    while (!stopped) {
      const { spec, status } = await stage.target();
      seen.least = Math.min(seen.least, status?.availableReplicas ?? 0);
      seen.most = Math.max(seen.most, spec.replicas ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
  const running = run();
  const stop = (): Promise<void> => {
    stopped = true;
    return running;
  };
  return {
    get least() {
      return seen.least;
    },
    get most() {
      return seen.most;
    },
    stop,
  };
}

const minReplicas = 2;

/** Low enough that 120 requests a second scale up and 2 a second scale down. */
async function autoscale(stage: Stage): Promise<void> {
  const rules = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 2, periodSeconds: 5 }] };
  await stage.apply({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'shop' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' },
      minReplicas,
      maxReplicas: 4,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '20m' } } }],
      behavior: { scaleUp: rules, scaleDown: rules },
    },
  });
}

async function replicasAre(stage: Stage, what: string, test: (replicas: number) => boolean): Promise<void> {
  await stage.waitFor(what, async () => test((await stage.target()).spec.replicas ?? 0), 120);
}

export const promotionCases: Case[] = [
  {
    name: 'autoscaled',
    ci: false,
    proves: 'an HPA scales the target up and down while Analyzing and while Promoting, never below minReplicas',
    async run(stage) {
      const cpu = { CPU_MS: '2' };
      await stage.deploy({ version: 'v1', replicas: minReplicas, env: cpu, spec: { minReadySeconds: 8 } });
      await autoscale(stage);
      await removeReplicas(stage);
      await replicasAre(stage, 'the autoscaler sets the number', (replicas) => replicas === minReplicas);
      await stage.kubectl(['rollout', 'status', 'deployment/shop', '--timeout=60s']);
      await stage.adopt({ analysis: { minDuration: '20m', deadline: '40m' } });
      const seen = watchReplicas(stage);
      const loads: RunningLoad[] = [await stage.load({ rate: 3 })];
      await stage.release({ version: 'v2', env: cpu, spec: { minReadySeconds: 8, replicas: undefined } });
      await stage.waitPhase('Analyzing');
      const peak = await stage.load({ rate: 60 });
      await replicasAre(stage, 'scaled up while Analyzing', (replicas) => replicas > minReplicas);
      assert.equal((await stage.status()).phase, 'Analyzing');
      const second = await peak.stop();
      await replicasAre(stage, 'scaled down while Analyzing', (replicas) => replicas === minReplicas);
      assert.equal((await stage.status()).phase, 'Analyzing');
      loads.push(await stage.load({ rate: 60 }));
      await replicasAre(stage, 'scaled up again', (replicas) => replicas > minReplicas);
      await stage.tandem(['promote', 'shop']);
      await stage.waitPhase('Promoting');
      await Promise.all(loads.slice(1).map((load) => load.stop()));
      await stage.waitOutcome('Promoted', 180);
      await replicasAre(stage, 'scaled down after the promotion', (replicas) => replicas === minReplicas);
      await stage.waitFor(
        'only v2',
        async () => (await stage.stableVersions()).every((version) => version === 'v2'),
        60,
      );
      await seen.stop();
      stage.facts['least available'] = seen.least;
      stage.facts['most replicas'] = seen.most;
      assert.ok(seen.least >= minReplicas, `Available never fell below minReplicas: ${seen.least}`);
      noLostRequests(second, 2);
    },
  },
  {
    name: 'promotion-quota',
    ci: false,
    proves: 'a promotion that finds no room because the canary holds it: the canary makes room, nothing is lost',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const load = await stage.load();
      await stage.apply({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'pods' },
        spec: { hard: { pods: '4' } },
      });
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await stage.tandem(['promote', 'shop']);
      await stage.waitOutcome('Promoted', 180);
      assert.deepEqual(await stage.stableVersions(), ['v2', 'v2', 'v2']);
      const events = await stage.kubectl(['get', 'events.events.k8s.io', '-o', 'jsonpath={.items[*].reason}']);
      assert.match(events.stdout, /CanaryMadeRoom/);
      noLostRequests(await load.stop(), 2);
    },
  },
  {
    name: 'promotion-stuck',
    ci: false,
    proves:
      'a rollout that makes no progress is Held/PromotionStuck; with the next template stable is restored first, then the fix is tested',
    async run(stage) {
      await stage.deploy({ version: 'v1', spec: { progressDeadlineSeconds: 15 } });
      await stage.adopt({ analysis: { minDuration: '10m' }, canary: { startDeadline: '120s' } });
      const load = await stage.load();
      const seen = watchReplicas(stage);
      await stage.release({ version: 'v2', env: { NEVER_READY: '1' }, spec: { progressDeadlineSeconds: 15 } });
      await stage.waitPhase('Starting');
      await stage.tandem(['promote', 'shop']);
      const status = await stage.waitPhase('Held', 90);
      assert.equal(conditionOf(status, 'Stalled')?.reason, 'PromotionStuck');
      await stage.release({ version: 'v3', spec: { progressDeadlineSeconds: 15 } });
      await stage.waitFor(
        'v1 serves alone again and v3 is tested',
        async () => (await stage.status()).phase === 'Analyzing',
        180,
      );
      assert.deepEqual(await stage.stableVersions(), ['v1', 'v1', 'v1']);
      const ledger = (await stage.status()).ledger ?? [];
      assert.ok(
        ledger.some((entry) => entry.outcome === 'RolledBack'),
        JSON.stringify(ledger),
      );
      await seen.stop();
      stage.facts['least available'] = seen.least;
      assert.ok(seen.least >= 3, `Available never fell below 3: ${seen.least}`);
      noLostRequests(await load.stop(), 2);
    },
  },
];

/** As everybody does who lets an autoscaler set the number: it stands in no manifest. */
async function removeReplicas(stage: Stage): Promise<void> {
  await stage.release({ version: 'v1', env: { CPU_MS: '2' }, spec: { minReadySeconds: 8, replicas: undefined } });
}
