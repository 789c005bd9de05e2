import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { CanaryRelease } from '../api/schema.ts';
import type { Ended } from '../release/deliveries.ts';
import { createDoraMetrics } from './dora.ts';

const start = Date.parse('2026-11-20T12:00:00Z');
const time = (minutesAgo: number): string => new Date(start - minutesAgo * 60_000).toISOString();
const promoted: Ended = { outcome: 'Promoted', seen: time(40), started: time(35), ended: time(10) };
const takenBack: Ended = { outcome: 'RolledBack', started: time(65), ended: time(64) };

function release(name: string, namespace = 'shop'): CanaryRelease {
  return {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name, namespace },
    spec: { targetRef: { name } },
  } as CanaryRelease;
}

async function values(registry: Registry, name: string): Promise<Record<string, number>> {
  const found = (await registry.getMetricsAsJSON()).find((metric) => metric.name === name);
  return Object.fromEntries((found?.values ?? []).map(({ labels, value }) => [Object.values(labels).join('/'), value]));
}

describe('the figures of delivery', () => {
  it('are those of the ledgers, by target and by namespace', async () => {
    const registry = new Registry();
    const metrics = createDoraMetrics(registry, () => start);
    metrics.observe(release('checkout'), 'checkout', [promoted, takenBack]);
    metrics.observe(release('cart'), 'basket', [promoted]);

    expect(await values(registry, 'tandem_dora_lead_time_seconds')).toEqual({
      'shop/checkout': 1800,
      'shop/basket': 1800,
    });
    expect(await values(registry, 'tandem_dora_change_failure_ratio')).toEqual({
      'shop/checkout': 0.5,
      'shop/basket': 0,
    });
    expect(await values(registry, 'tandem_dora_restore_time_seconds')).toEqual({ 'shop/checkout': 60 });
    expect(await values(registry, 'tandem_dora_deployments_per_week')).toEqual({
      'shop/checkout': 0.25,
      'shop/basket': 0.25,
    });
    expect(await values(registry, 'tandem_dora_namespace_deployments_per_week')).toEqual({ shop: 0.5 });
    expect(await values(registry, 'tandem_dora_namespace_change_failure_ratio')).toEqual({ shop: 1 / 3 });
    expect(await values(registry, 'tandem_dora_omitted_targets')).toEqual({ '': 0 });
  });

  it('move on with time, and go with their release', async () => {
    const registry = new Registry();
    let now = start;
    const metrics = createDoraMetrics(registry, () => now);
    metrics.observe(release('checkout'), 'checkout', [promoted]);
    now += 40 * 86_400_000;

    expect(await values(registry, 'tandem_dora_deployments_per_week')).toEqual({ 'shop/checkout': 0 });
    metrics.forget('shop/checkout');
    expect(await values(registry, 'tandem_dora_deployments_per_week')).toEqual({});
    expect(await values(registry, 'tandem_dora_namespace_lead_time_seconds')).toEqual({});
  });

  it('are bounded: the first targets by name have their own, all count in their namespace', async () => {
    const registry = new Registry();
    const metrics = createDoraMetrics(registry, () => start);
    const names = Array.from({ length: 503 }, (_, index) => `shop-${String(index).padStart(3, '0')}`);
    for (const name of names.toReversed()) metrics.observe(release(name), name, [promoted]);

    const own = await values(registry, 'tandem_dora_lead_time_seconds');
    expect(Object.keys(own)).toHaveLength(500);
    expect(own).not.toHaveProperty('shop/shop-500');
    expect(await values(registry, 'tandem_dora_omitted_targets')).toEqual({ '': 3 });
    expect((await values(registry, 'tandem_dora_namespace_deployments_per_week'))['shop']).toBeCloseTo(503 / 4, 5);
  });
});
