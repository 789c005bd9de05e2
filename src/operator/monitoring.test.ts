import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createKubeMetrics } from '../kube/metrics.ts';
import { readConfig } from './config.ts';
import { createOperatorMetrics } from './metrics.ts';
import { createRegistry } from './registry.ts';

const folder = join(import.meta.dirname, '../../deploy/monitoring');
const own = /\b(tandem|workqueue|rest_client|leader_election|process|nodejs)_[a-z_]+/g;

function served(): Set<string> {
  const registry = createRegistry();
  createOperatorMetrics(registry, 'test', () => 0);
  createKubeMetrics(registry).queue('canaryrelease');
  return new Set(registry.getMetricsAsArray().map(({ name }) => name));
}

describe.each(['prometheusrule.yaml', 'grafana-dashboard.json'])('%s', (file) => {
  const text = readFileSync(join(folder, file), 'utf8');
  const names = [...new Set(text.match(own) ?? [])];

  it('asks for metrics that the operator serves', () => {
    const known = served();

    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !known.has(name.replace(/_(bucket|sum|count)$/, '')))).toEqual([]);
  });
});

/** Every expression in a file, wherever it stands. */
function expressions(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inside]: [string, unknown]) =>
    key === 'expr' && typeof inside === 'string' ? [inside] : expressions(inside),
  );
}

function isPromql(expression: string): boolean {
  const cursor = parser.parse(expression).cursor();
  do if (cursor.type.isError) return false;
  while (cursor.next());
  return true;
}

describe.each(['prometheusrule.yaml', 'grafana-dashboard.json'])('the expressions of %s', (file) => {
  const found = expressions(parse(readFileSync(join(folder, file), 'utf8')));

  it('can be read by a Prometheus', () => {
    expect(found.length).toBeGreaterThan(7);
    expect(found.filter((expression) => !isPromql(expression))).toEqual([]);
    expect(isPromql('sum by (a (up)')).toBe(false);
  });
});

describe('the alerts', () => {
  const text = readFileSync(join(folder, 'prometheusrule.yaml'), 'utf8');
  const { spec } = parse(text) as { spec: { groups: { rules: Rule[] }[] } };
  const rules = spec.groups.flatMap((group) => group.rules);

  interface Rule {
    alert: string;
    expr: string;
    labels: { severity?: string };
    annotations: { summary?: string; description?: string };
  }

  it('each say what it means and what to do', () => {
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    for (const { alert, labels, annotations } of rules) {
      expect(['info', 'warning', 'critical'], alert).toContain(labels.severity);
      expect(annotations.summary?.length, alert).toBeGreaterThan(10);
      expect(annotations.description?.length, alert).toBeGreaterThan(20);
    }
  });

  it('tell of failing questions and scrapes, of notifications that do not arrive, and of reports that are not kept', () => {
    const of = (metric: string): string[] =>
      rules.filter(({ expr }) => expr.includes(metric)).map(({ alert }) => alert);
    expect(of('tandem_evidence_queries_total')).toEqual(['TandemEvidenceFails']);
    expect(of('tandem_scrapes_total')).toEqual(['TandemScrapesFail']);
    expect(of('tandem_notifications_total')).toEqual(['TandemNotificationsDropped']);
    expect(of('tandem_reports_total')).toEqual(['TandemReportsFail', 'TandemReportsLost']);
  });

  it('count the first of its kind: no series begins at 1, of which increase() knows nothing', async () => {
    const registry = createRegistry();
    const metrics = createOperatorMetrics(registry, 'test', () => 0);
    metrics.notification('chat', 'refused');
    const text = async (name: string): Promise<string> => registry.getSingleMetricAsString(name);
    expect((await text('tandem_reports_total')).match(/outcome="\w+"} 0/g)).toHaveLength(4);
    expect(await text('tandem_notifications_total')).toContain('receiver="chat",outcome="refused"} 0');
    const counted = rules.flatMap(({ expr }) => /increase\((\w+)/.exec(expr)?.[1] ?? []);
    const fromZero = ['tandem_notifications_total', 'tandem_release_outcomes_total', 'tandem_reports_total'];
    expect([...new Set(counted)].sort()).toEqual(fromZero);
  });
});

describe('the example of a configuration', () => {
  const text = readFileSync(join(folder, '../kustomize/base/config.yaml'), 'utf8');
  // What is commented out, without the sentences about it.
  const whole = text.replaceAll(/^# (?=[a-zA-Z]+:( |$)|- |  )/gm, '').replaceAll(/^( +)# (?=[a-zA-Z]+: )/gm, '$1');

  it('is one with everything in it that is commented out', () => {
    const config = readConfig(['--config', 'config.yaml'], {}, () => whole);

    expect(config?.customMetrics).toBeDefined();
    expect(config?.notifications.map(({ type }) => type)).toEqual(['slack']);
    expect(config?.alertmanager?.tokenFile).toMatch(/^\/etc\/tandem/);
    expect(config?.sources[0]?.tenant).toBe('team-a');
  });
});
