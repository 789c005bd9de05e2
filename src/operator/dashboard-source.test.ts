import { describe, expect, it } from 'vitest';
import { steady, usualSpec } from '../judge/engine/testing/steady.ts';
import type { KubeApi } from '../kube/api.ts';
import { ApiError } from '../kube/errors.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { courseOf } from '../report/course.ts';
import { recordKey } from '../report/kept.ts';
import { encodeRecord } from '../report/record.ts';
import { aRecord } from '../report/testing/records.ts';
import { createDashboardSource, type SourceParts } from './dashboard-source.ts';
import { createJournals } from './journal.ts';

const evidence = steady(() => ({}), { slots: 40 });
const end = evidence.startedAt + 40 * 15_000;

function open(change: Partial<SourceParts> = {}, api: Partial<KubeApi> = {}) {
  const clock = createFakeClock(end);
  return {
    clock,
    ...createDashboardSource({
      api: api as KubeApi,
      clock,
      releases: () => [],
      release: () => undefined,
      judged: (key) => (key === 'shop/checkout' ? { evidence, asked: usualSpec } : undefined),
      journals: createJournals(clock),
      standing: () => ({ leads: true, leader: undefined }),
      ready: () => true,
      ...change,
    }),
  };
}

describe('what the dashboard shows', () => {
  it('is the course of what the judge was asked last, and nothing where nothing is measured', async () => {
    const { source } = open();
    expect(await source.course('shop/checkout')).toEqual(courseOf(evidence, usualSpec, end));
    expect(await source.course('shop/other')).toBeUndefined();
  });

  it('is made in turns, so that releases are not kept waiting', async () => {
    const clock = createFakeClock(end);
    // Each look at this clock costs 10 ms.
    let looked = 0;
    const slow = { ...clock, monotonic: () => clock.monotonic() + (looked += 10) };
    const { source } = open({ clock: slow });
    let done = false;
    const course = source.course('shop/checkout').then(() => (done = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    expect(clock.pending()).toBe(1);
    while (!done) await clock.step();
    await course;
  });

  it('has the records of past releases from the API', async () => {
    const record = aRecord({ recording: { id: 'one' } });
    const { recording: _, ...light } = record;
    const bytes = encodeRecord(record);
    const asked: unknown[] = [];
    const get = async (...words: unknown[]): Promise<unknown> => {
      asked.push(words);
      return { metadata: {}, binaryData: { [recordKey(record)]: bytes.toString('base64') } };
    };
    const { source } = open({}, { get: get as KubeApi['get'] });
    expect(await source.records('shop/checkout')).toEqual([light]);
    expect(asked).toHaveLength(1);
    expect(await source.record('shop/checkout', light)).toEqual(record);
    expect(await source.record('shop/checkout', { ...light, started: '2026-11-21T09:00:00Z' })).toBeUndefined();
    const none = async (): Promise<never> => {
      throw new ApiError(404, 'NotFound', 'no such ConfigMap');
    };
    expect(await open({}, { get: none }).source.records('shop/checkout')).toEqual([]);
  });

  it('tells who listens of changes, until they leave', () => {
    const { source, touch } = open();
    const heard: string[] = [];
    const leave = source.subscribe((key) => heard.push(key));
    touch('shop/checkout');
    leave();
    touch('shop/checkout');
    expect(heard).toEqual(['shop/checkout']);
  });
});
