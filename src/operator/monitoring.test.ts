import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createKubeMetrics } from '../kube/metrics.ts';
import { createOperatorMetrics } from './metrics.ts';

const folder = join(import.meta.dirname, '../../deploy/monitoring');
const own = /\b(tandem|workqueue|rest_client|leader_election)_[a-z_]+/g;

function served(): Set<string> {
  const registry = new Registry();
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
