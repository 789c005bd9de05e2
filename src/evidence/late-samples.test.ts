import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Evidence } from './evidence.ts';
import type { FakeSeries } from './testing/fake-prometheus.ts';
import { startWatching } from './testing/watching.ts';
import { containerSeries, every, podSeries } from './testing/world.ts';

const START = 1_750_000_000_000;
const END = START + 660_000;

function world(interval = 5000): FakeSeries[] {
  return [
    ...podSeries({ name: 'stable-0', scrapes: every(interval, START - 120_000 + 1000, END) }),
    ...podSeries({ name: 'stable-1', scrapes: every(interval, START - 120_000 + 2000, END) }),
    ...podSeries({ name: 'canary-0', scrapes: every(interval, START + 3000, END) }),
  ];
}

/** What has arrived at a moment, where samples are so late (milliseconds). */
function arrived(series: readonly FakeSeries[], now: number, late: (pod: string, at: number) => number): FakeSeries[] {
  return series.map(({ labels, samples }) => ({
    labels,
    samples: samples.filter(([at]) => at + late(labels['pod'] ?? '', at) <= now),
  }));
}

/** What the run is when everything is there from the start. */
async function prompt(seconds: number): Promise<Evidence['run']> {
  return (await startWatching({ startedAt: START, series: world() }).go(seconds)).run;
}

describe('samples that arrive late', () => {
  test.each([10_000, 60_000, 180_000, 290_000])('all of them by %i ms: none is lost', async (late) => {
    const all = world();
    const watching = startWatching({ startedAt: START, seriesAt: (now) => arrived(all, now, () => late) });
    await watching.go(60);
    const { clock } = watching;
    const seconds = 60 + late / 1000;

    const { run } = await watching.go(seconds - 60);

    const slots = 60 / 5;
    const whole = await prompt((clock.now() - START) / 1000);
    expect(run.scrapes).toBe(whole.scrapes);
    for (const pod of ['stable-0', 'stable-1', 'canary-0']) {
      expect(run.pods[pod]?.requests.slice(0, slots)).toEqual(whole.pods[pod]?.requests.slice(0, slots));
      expect(run.pods[pod]?.requests.slice(0, slots)).not.toContain(null);
    }
  });

  test.each(['canary-0', 'stable-1'])('those of %s alone, minutes behind the others: none is lost', async (lagging) => {
    const all = world();
    const late = (pod: string): number => (pod === lagging ? 240_000 : 0);
    const watching = startWatching({ startedAt: START, seriesAt: (now) => arrived(all, now, late) });

    const { run } = await watching.go(330);

    const whole = await prompt(330);
    const slots = (330 - 240) / 5 - 1;
    expect(run.pods[lagging]?.requests.slice(0, slots)).toEqual(whole.pods[lagging]?.requests.slice(0, slots));
  });

  test('out of order: a scrape that comes minutes after its successors fills its slot', async () => {
    const all = world();
    const late = (pod: string, at: number): number =>
      pod === 'canary-0' && at > START + 60_000 && at < START + 90_000 ? 200_000 : 0;
    const watching = startWatching({ startedAt: START, seriesAt: (now) => arrived(all, now, late) });

    expect((await watching.go(120)).run.pods['canary-0']?.requests.slice(13, 17)).toContain(null);
    expect((await watching.go(240)).run).toEqual(await prompt(360));
  });

  test('for any delays within four minutes the end is the same as without', async () => {
    const all = world(15_000);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(240), { minLength: 40, maxLength: 40 }), async (delays) => {
        // By scrape and pod, so that neighbours overtake one another.
        const late = (pod: string, at: number): number =>
          at > START + 60_000
            ? (delays[(Math.floor(at / 15_000) + pod.length + pod.charCodeAt(7)) % 40] ?? 0) * 1000
            : 0;
        const watching = startWatching({ startedAt: START, seriesAt: (now) => arrived(all, now, late) });
        await watching.go(300);
        const { run } = await watching.go(300);
        const whole = await startWatching({ startedAt: START, series: all }).go(600);
        const slots = 300 / 15;
        for (const [pod, { requests }] of Object.entries(whole.run.pods)) {
          expect(run.pods[pod]?.requests.slice(0, slots)).toEqual(requests.slice(0, slots));
        }
      }),
      { numRuns: 4 },
    );
  });

  test('a pod that died or was never scraped widens no question for good', async () => {
    const gone = world().map((one) =>
      one.labels['pod'] === 'stable-1' ? { ...one, samples: one.samples.filter(([at]) => at < START + 30_000) } : one,
    );
    const watching = startWatching({
      startedAt: START,
      series: gone,
      request: {
        canaryPods: [
          { name: 'canary-0', startedAt: START },
          { name: 'canary-1', startedAt: START },
        ],
      },
    });
    await watching.go(390);
    watching.source.queries.length = 0;
    await watching.go(5);

    const windows = watching.source.queries.flatMap((query) => /\[(\d+)ms\]/.exec(query)?.[1] ?? []).map(Number);
    expect(windows.length).toBeGreaterThan(0);
    expect(Math.max(...windows)).toBeLessThan(40_000);
  });

  test('containers are late by themselves', async () => {
    const ticks = every(13_000, START - 60_000, END).map((at, n) => ({ at, cpu: n, memory: 1e8 }));
    const all = [...world(), ...['stable-0', 'canary-0'].flatMap((pod) => containerSeries(pod, 'app', ticks))];
    const late = (_: string, at: number): number =>
      at % 1000 === 0 && at % 13_000 === (START - 60_000) % 13_000 ? 45_000 : 0;
    const watching = startWatching({ startedAt: START, seriesAt: (now) => arrived(all, now, late) });

    const { run } = await watching.go(300);

    const whole = (await startWatching({ startedAt: START, series: all }).go(300)).run;
    const slots = (300 - 60) / 5;
    expect(run.pods['canary-0']?.cpuSeconds.slice(0, slots)).toEqual(
      whole.pods['canary-0']?.cpuSeconds.slice(0, slots),
    );
  });
});

describe('the interval of the scrapes', () => {
  test.each([5, 15, 30])('of %i s is measured, and slots go by it', async (seconds) => {
    const { scrapeSeconds, run } = await startWatching({ startedAt: START, series: world(seconds * 1000) }).go(120);

    expect(scrapeSeconds).toBe(seconds);
    expect(run.scrapes).toBe(120 / seconds);
    expect(run.pods['canary-0']?.requests).toEqual(Array.from({ length: 120 / seconds }, (_, i) => 9 * (i + 1)));
  });
});

describe("the operator's clock", () => {
  test.each([-600, 600])('%i s ahead of the source: the same evidence as with a true one', async (seconds) => {
    const all = world();
    const seriesAt = (now: number): FakeSeries[] => arrived(all, now, () => 0);
    const custom = [{ name: 'queue', query: 'queue_age{namespace="{{namespace}}", pod=~"{{pods}}"}' }];
    const queue = ['canary-0', 'stable-0'].map(
      (pod): FakeSeries => ({
        labels: { __name__: 'queue_age', namespace: 'shop', pod },
        samples: every(5000, START - 60_000, END).map((at) => [at, (at - START) / 1000]),
      }),
    );
    all.push(...queue);
    const request = { custom, stablePods: [{ name: 'stable-0', startedAt: START - 7_200_000 }] };
    const wrong = await startWatching({ startedAt: START, seriesAt, request, ahead: seconds * 1000 }).go(120);
    const right = await startWatching({ startedAt: START, seriesAt, request }).go(120);

    expect(right.custom?.['queue']?.canary).not.toContain(null);
    expect(wrong).toEqual(right);
  });
});
