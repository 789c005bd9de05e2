import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { testCluster } from '../../cluster/environment.ts';
import type { Case } from '../case.ts';
import type { Stage } from '../stage.ts';

/** Alerts and dashboard of deploy/monitoring, asked of the cluster's Prometheus. */

interface Found {
  metric: Record<string, string>;
  value: [number, string];
}

async function ask(query: string): Promise<Found[]> {
  const body = new URLSearchParams({ query });
  const answer = await fetch(`${testCluster().prometheusUrl}/api/v1/query`, { method: 'POST', body });
  const said = (await answer.json()) as { status: string; error?: string; data?: { result: Found[] } };
  assert.equal(said.status, 'success', `${query}: ${said.error}`);
  return said.data?.result ?? [];
}

interface Rule {
  alert: string;
  expr: string;
}

function rules(): Rule[] {
  const { spec } = parse(readFileSync('deploy/monitoring/prometheusrule.yaml', 'utf8')) as {
    spec: { groups: { rules: Rule[] }[] };
  };
  return spec.groups.flatMap((group) => group.rules);
}

/** Every expression of the dashboard, with its variables filled in. */
function panels(): string[] {
  const text = readFileSync('deploy/monitoring/grafana-dashboard.json', 'utf8');
  const found = [...text.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(
    ([, quoted = '""']) => JSON.parse(quoted) as string,
  );
  return found.map((expr) => expr.replaceAll(/\$__rate_interval|\$__interval/g, '1m').replaceAll(/\$\{?\w+\}?/g, '.*'));
}

/** What has no series while nothing of it has happened. */
const notYet = ['tandem_notifications_total'];

async function missing(): Promise<string[]> {
  const used = [...rules().map(({ expr }) => expr), ...panels()].join('\n');
  const names = new Set(used.match(/\b(tandem|workqueue|rest_client|leader_election|process|nodejs)_[a-z_]+/g));
  const absent: string[] = [];
  for (const name of names) {
    if (notYet.includes(name)) continue;
    if ((await ask(`{__name__="${name}",pod=~"tandem-.*"}`)).length === 0) absent.push(name);
  }
  return absent;
}

interface Loaded {
  data: { groups: { rules: { name: string; health: string; lastError?: string; alerts: { labels: object }[] }[] }[] };
}

/** As the cluster's own Prometheus evaluates them by itself; another one is not ours to give rules to. */
async function evaluated(stage: Stage): Promise<void> {
  if (!testCluster().isOwn) return;
  const answer = await fetch(`${testCluster().prometheusUrl}/api/v1/rules`);
  const { data } = (await answer.json()) as Loaded;
  const loaded = data.groups.flatMap((group) => group.rules);
  assert.deepEqual(
    loaded.map(({ name, health, lastError }) => [name, health, lastError]),
    rules().map(({ alert }) => [alert, 'ok', undefined]),
  );
  const firing = loaded.find(({ name }) => name === 'TandemRegressionFound')?.alerts ?? [];
  stage.facts['alerts firing'] = firing.length;
  assert.ok(
    firing.some(({ labels }) => JSON.stringify(labels).includes(stage.namespace)),
    'the alert fires',
  );
}

/** A counter's first value is no increase: a series shows 0 for a minute, and then what was counted. */
async function alerted(stage: Stage): Promise<void> {
  const { expr } = rules().find(({ alert }) => alert === 'TandemRegressionFound') ?? { expr: '' };
  const found = async (): Promise<boolean> =>
    (await ask(expr)).some(({ metric }) => metric['namespace'] === stage.namespace && metric['reason'] !== undefined);
  await stage.waitFor('TandemRegressionFound of this namespace', found, 150);
}

export const monitoringCases: Case[] = [
  {
    name: 'monitoring',
    ci: true,
    proves:
      'every alert and panel evaluates in a real Prometheus, has its metrics, and the first rollback is alerted of',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10s', deadline: '1m', warmup: '1s' } });
      const load = await stage.load({ rate: 40 });
      await stage.release({ version: 'v2' });
      await stage.waitOutcome('Promoted', 180);
      await stage.release({ version: 'v3', env: { CRASH_AFTER_S: '1' } });
      await stage.waitOutcome('RolledBack', 120);
      await load.stop();
      await alerted(stage);
      // Until Prometheus has come to them by itself.
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      await evaluated(stage);
      await stage
        .waitFor('all metrics', async () => (await missing()).length === 0, 60)
        .catch(async (error: unknown) => {
          throw new Error(`no series of ${(await missing()).join(', ')}`, { cause: error });
        });
      const queries = [...rules().map(({ expr }) => expr), ...panels()];
      for (const query of queries) await ask(query);
      stage.facts['expressions'] = queries.length;
      const firing = await ask('sum(leader_election_master_status) == 0 or absent(tandem_build_info)');
      assert.deepEqual(firing, []);
      const delivered = await ask(`tandem_dora_deployments_per_week{namespace="${stage.namespace}",target="shop"}`);
      assert.equal(delivered.length, 1);
      const failures = await ask(`tandem_dora_change_failure_ratio{namespace="${stage.namespace}",target="shop"}`);
      assert.equal(failures[0]?.value[1], '0.5');
    },
  },
];
