import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { sleep } from '../lib/clock.ts';
import { createFakeClock, type FakeClock, settle } from '../lib/fake-clock.ts';
import { silentLogger } from '../lib/log.ts';
import { ApiError } from './errors.ts';
import { createWorkQueue, type WorkQueue, type WorkQueueOptions } from './queue.ts';

let clock: FakeClock;
let told: string[];

beforeEach(() => {
  clock = createFakeClock(0);
  told = [];
});

function create(options: Partial<WorkQueueOptions> & Pick<WorkQueueOptions, 'process'>): WorkQueue {
  const metrics = {
    depth: (count: number) => void told.push(`depth ${count}`),
    added: () => void told.push('added'),
    waited: (seconds: number) => void told.push(`waited ${seconds}`),
    worked: (seconds: number) => void told.push(`worked ${seconds}`),
    retried: () => void told.push('retried'),
  };
  return createWorkQueue({ clock, random: () => 0, log: silentLogger, workers: 1, metrics, ...options });
}

/** A process that takes a second and notes when it begins. */
function seconds(seen: string[]): (key: string) => Promise<void> {
  return async (key) => {
    seen.push(`${key}@${clock.now()}`);
    await sleep(clock, 1_000);
  };
}

describe('work queue', () => {
  it('works on each key once, in order, from its start on', async () => {
    const seen: string[] = [];
    const queue = create({ process: seconds(seen) });
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    await clock.advance(500);
    expect(seen).toEqual([]);
    expect(queue.depth()).toBe(3);

    queue.start();
    await clock.advance(10_000);

    expect(seen).toEqual(['a@500', 'b@1500', 'c@2500']);
    expect(told.filter((line) => !line.startsWith('depth'))).toEqual([
      'added',
      'added',
      'added',
      'waited 0.5',
      'worked 1',
      'waited 1.5',
      'worked 1',
      'waited 2.5',
      'worked 1',
    ]);
    expect(told.at(-2)).toBe('waited 2.5');
    expect(told.filter((line) => line.startsWith('depth')).at(-1)).toBe('depth 0');
  });

  it('works on a key again when it was added meanwhile, but not at the same time', async () => {
    const seen: string[] = [];
    const queue = create({ process: seconds(seen), workers: 5 });
    queue.start();
    queue.add('a');
    await clock.advance(500);

    queue.add('a');
    queue.add('a');
    queue.add('b');
    await clock.advance(10_000);

    expect(seen).toEqual(['a@0', 'b@500', 'a@1000']);
  });

  it('works on as many keys at a time as it has workers', async () => {
    const seen: string[] = [];
    const queue = create({ process: seconds(seen), workers: 2 });
    queue.start();
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);

    await clock.advance(10_000);

    expect(seen).toEqual(['a@0', 'b@0', 'c@1000', 'd@1000', 'e@2000']);
  });

  it('adds a key later, at the earliest of several moments', async () => {
    const seen: string[] = [];
    const queue = create({ process: seconds(seen) });
    queue.start();
    queue.addAfter('a', 5_000);
    queue.addAfter('a', 3_000);
    queue.addAfter('a', 4_000);
    queue.addAfter('b', 0);
    expect(clock.pending()).toBe(1);

    await clock.advance(60_000);

    expect(seen).toEqual(['b@0', 'a@3000']);
  });

  it('takes longer after each failure, up to its cap, and starts small again after a success', async () => {
    const times: number[] = [];
    let failing = true;
    const queue = create({
      backoff: { baseMs: 100, maxMs: 1_000 },
      process: async () => {
        times.push(clock.now());
        if (failing) throw new Error('not yet');
      },
    });
    queue.start();
    queue.add('a');
    await clock.advance(3_500);
    expect(times).toEqual([0, 100, 300, 700, 1_500, 2_500, 3_500]);
    failing = false;
    await clock.advance(1_000);
    failing = true;

    queue.add('a');
    await clock.advance(100);

    expect(times.slice(7)).toEqual([4_500, 4_500, 4_600]);
    expect(told.filter((line) => line === 'retried')).toHaveLength(9);
  });

  it('waits at least as long as a busy server asks', async () => {
    const times: number[] = [];
    const queue = create({
      process: async () => {
        times.push(clock.now());
        if (times.length === 1) throw new ApiError(429, 'TooManyRequests', 'busy', { retryAfterSeconds: 7 });
      },
    });
    queue.start();
    queue.add('a');

    await clock.advance(60_000);

    expect(times).toEqual([0, 7_000]);
  });

  it('backs off for a caller too, until that forgets', async () => {
    const seen: string[] = [];
    const queue = create({
      process: async (key) => void seen.push(`${key}@${clock.now()}`),
      backoff: { baseMs: 100, maxMs: 1e6 },
    });
    queue.addRateLimited('a');
    await clock.advance(100);
    queue.addRateLimited('a');
    await clock.advance(200);
    queue.forget('a');
    queue.addRateLimited('b');
    queue.start();
    await clock.advance(100);

    expect(seen).toEqual(['a@300', 'b@400']);
  });

  it('waits at its end for the work that runs, and takes no more', async () => {
    const seen: string[] = [];
    const queue = create({ process: seconds(seen) });
    queue.start();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 100);
    await settle();
    let ended = false;

    const end = queue.shutdown().then(() => {
      ended = true;
    });
    queue.add('a');
    queue.add('d');
    queue.addAfter('e', 1);
    await clock.advance(999);
    expect(ended).toBe(false);
    await clock.advance(1);
    await end;
    await clock.advance(10_000);

    expect(seen).toEqual(['a@0']);
    expect(clock.pending()).toBe(0);
  });

  it('never loses a key and never works on one twice at a time', async () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      after: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
      wait: fc.integer({ min: 0, max: 30 }),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (steps, workers) => {
        clock = createFakeClock(0);
        const running = new Set<string>();
        const lastBegin = new Map<string, number>();
        const due = new Map<string, number>();
        const fails = new Set<string>();
        const queue = create({
          workers,
          process: async (key) => {
            expect(running.has(key)).toBe(false);
            expect(running.size).toBeLessThan(workers);
            running.add(key);
            lastBegin.set(key, clock.now());
            await sleep(clock, 10);
            running.delete(key);
            if (fails.delete(key)) throw new Error('once');
          },
        });
        queue.start();
        for (const { key, after, wait, fails: failing } of steps) {
          if (failing) fails.add(key);
          if (after === undefined) queue.add(key);
          else queue.addAfter(key, after);
          // The earliest wish counts, so only what was asked for at once has a moment of its own.
          due.set(key, Math.max(due.get(key) ?? 0, after === undefined ? clock.now() : 0));
          await clock.advance(wait);
        }
        await clock.advance(10_000);

        for (const [key, at] of due) expect(lastBegin.get(key)).toBeGreaterThanOrEqual(at);
        expect(queue.depth()).toBe(0);
        expect(clock.pending()).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
