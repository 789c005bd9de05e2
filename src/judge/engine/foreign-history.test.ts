import { describe, expect, test } from 'vitest';
import type { Evidence, PodSamples } from '../../evidence/evidence.ts';
import { readHistory } from './history.ts';
import { RunReader } from './run-reader.ts';
import { Scatter } from './scatter.ts';

function pod(requests: number[], classes: Record<string, number[]> = {}): PodSamples {
  const none = requests.map(() => null);
  return { requests, errors: none, buckets: none, cpuSeconds: none, memoryBytes: none, errorClasses: classes };
}

/** 40 slots of 15 s in which stable counts to 400, and a run of 2 s slots that another source counts. */
function evidence(scrapeSeconds: number | undefined): Evidence {
  const past = Array.from({ length: 40 }, (_, i) => 10 * (i + 1));
  return {
    startedAt: 0,
    scrapeSeconds: scrapeSeconds === undefined ? 15 : 2,
    boundsSeconds: [],
    canary: ['canary-0'],
    stable: ['stable-0'],
    history: {
      scrapes: 40,
      ...(scrapeSeconds === undefined ? {} : { scrapeSeconds }),
      pods: { 'stable-0': pod(past) },
    },
    run: { scrapes: 3, pods: { 'canary-0': pod([1, 2, 3]), 'stable-0': pod([404, 406, 408], { 502: [4, 4, 5] }) } },
    found: { source: 'Pods+Prometheus', queries: {}, missing: [] },
    source: { state: 'Collecting', at: 0 },
  };
}

function stableRows(from: Evidence): { requests: number; classes: number }[] {
  const history = readHistory(from);
  const { scrapeSeconds } = from;
  const reader = new RunReader({ scrapeSeconds, warmupSeconds: 60, known: history.readers });
  return [0, 1, 2].map((slot) => {
    const row = reader.read(from, slot)?.stable[0];
    return { requests: row?.requests ?? -1, classes: row?.classes?.get('502') ?? 0 };
  });
}

describe('a past that another source measured', () => {
  test('its counters do not go on in the run', () => {
    expect(stableRows(evidence(undefined)).map(({ requests }) => requests)).toEqual([4, 2, 2]);
    expect(stableRows(evidence(15))).toEqual([
      { requests: 0, classes: 0 },
      { requests: 2, classes: 0 },
      { requests: 2, classes: 1 },
    ]);
  });

  test('has slots of its own', () => {
    const history = readHistory(evidence(15));
    expect(history).toMatchObject({ scrapeSeconds: 15, runScrapeSeconds: 2, usable: true });
    expect(history.rows.map((row) => row[0]?.requests).slice(1)).toEqual(Array(39).fill(10));
  });
});

describe('Scatter', () => {
  const burst = (scatter: Scatter, rows: number, every: number): void => {
    for (let i = 0; i < rows; i += 1) {
      const hit = i % every === 0 ? (i / every) % 2 : -1;
      scatter.add([0, 1].map((n) => ({ pod: `p${n}`, events: hit === n ? 40 : 0, exposure: 100 })));
    }
  };

  test('what was found in the past holds when rows get shorter', () => {
    const scatter = new Scatter(15, true);
    burst(scatter, 240, 4);
    const { phi } = scatter;
    expect(phi).toBeGreaterThan(5);
    scatter.pace(2);
    expect(scatter.phi).toBe(phi);
    for (let i = 0; i < 500; i += 1) scatter.add([0, 1].map((n) => ({ pod: `p${n}`, events: 1, exposure: 13 })));
    expect(scatter.phi).toBe(phi);
  });

  test('short rows are summed to the same lengths of time', () => {
    const scatter = new Scatter(15, true);
    scatter.pace(2);
    // In each 2 s one pod has all errors, in 16 s both have as many: no burst that lasts 15 s.
    for (let i = 0; i < 2000; i += 1) {
      scatter.add([0, 1].map((n) => ({ pod: `p${n}`, events: i % 2 === n ? 5 : 0, exposure: 100 })));
    }
    expect(scatter.phi).toBe(1);
  });

  test('the same pace changes nothing', () => {
    const [one, other] = [new Scatter(15, true), new Scatter(15, true)];
    burst(one, 103, 4);
    burst(other, 103, 4);
    other.pace(15);
    burst(one, 57, 3);
    burst(other, 57, 3);
    expect(other.phi).toBe(one.phi);
  });
});
