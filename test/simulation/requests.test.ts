import { afterEach, expect, it } from 'vitest';
import { createScaleCluster, type ScaleCluster } from './scale/cluster.ts';
import { createSyntheticSource } from './scale/synthetic-source.ts';

let cluster: ScaleCluster;

afterEach(() => cluster.stop());

/** Requests of the operator in a minute in which so many of six releases are compared. */
async function minuteOf(releasing: number): Promise<{ asked: (what: string) => number; queries: number }> {
  cluster = await createScaleCluster(6, () => createSyntheticSource(Date.UTC(2025, 11, 31)));
  await cluster.release(releasing, 'v2');
  await cluster.clock.advance(60_000);
  expect(cluster.phases()['Analyzing']).toBe(releasing);
  cluster.reset();
  await cluster.clock.advance(60_000);
  return { asked: (what) => cluster.requests.get(what) ?? 0, queries: cluster.queries.count };
}

const ROUNDS = 12;

it('a comparison costs one pass and one write a round, and a list of Services that its namespace shares', async () => {
  const one = await minuteOf(1);
  // Now and then a moment is due between two rounds.
  expect(one.asked('get canaryreleases')).toBeLessThanOrEqual(2 * ROUNDS);
  expect(one.asked('patch canaryreleases')).toBeLessThanOrEqual(ROUNDS);
  // The target and the canary: there is no baseline to look for.
  expect(one.asked('get deployments')).toBe(2 * one.asked('get canaryreleases'));
  expect(one.asked('list services')).toBeLessThanOrEqual(ROUNDS);
  expect(one.asked('list pods') + one.asked('list replicasets')).toBe(0);
  cluster.stop();

  const six = await minuteOf(6);
  expect(six.asked('get canaryreleases')).toBeLessThanOrEqual(6 * 2 * ROUNDS);
  expect(six.asked('list services')).toBeLessThanOrEqual(ROUNDS + 1);
  expect(six.queries).toBe(one.queries);
});
