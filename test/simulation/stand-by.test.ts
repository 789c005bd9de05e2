import { expect, it } from 'vitest';
import { INSTALL_NAMESPACE } from '../../src/api/names.ts';
import { resources } from '../../src/kube/object.ts';
import { createScaleCluster, type ScaleCluster } from './scale/cluster.ts';
import { createSyntheticSource } from './scale/synthetic-source.ts';

/** Another replica holds the lease, and renews it every 5 s. */
async function leadElsewhere({ admin, clock }: ScaleCluster, seconds: number): Promise<void> {
  const ref = { namespace: INSTALL_NAMESPACE, name: 'tandem' };
  for (let passed = 0; passed < seconds; passed += 5) {
    const renewTime = new Date(clock.now()).toISOString();
    await admin.patch(resources.leases, ref, { spec: { holderIdentity: 'other', renewTime } }, { type: 'merge' });
    await clock.advance(5000);
  }
}

async function counted({ registry }: ScaleCluster): Promise<number> {
  const { values = [] } = (await registry.getSingleMetric('tandem_releases')?.get()) ?? {};
  return values.reduce((sum, { value }) => sum + value, 0);
}

it('a replica that lost the lease asks no source and counts no release, until it leads again', async () => {
  const cluster = await createScaleCluster(2, () => createSyntheticSource(Date.UTC(2025, 11, 31)));
  await cluster.release(1, 'v2');
  await cluster.clock.advance(60_000);
  expect(cluster.phases()).toEqual({ Analyzing: 1, Idle: 1 });
  expect(await counted(cluster)).toBe(2);

  await leadElsewhere(cluster, 10);
  cluster.reset();
  await leadElsewhere(cluster, 30);
  expect(cluster.queries.count).toBe(0);
  expect(await counted(cluster)).toBe(0);

  await cluster.clock.advance(40_000);
  expect(cluster.queries.count).toBeGreaterThan(0);
  expect(await counted(cluster)).toBe(2);
  cluster.stop();
});
