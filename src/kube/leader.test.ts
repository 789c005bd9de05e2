import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../lib/clock.ts';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { silentLogger } from '../lib/log.ts';
import { createLeaderElector, type LeaderElector, type LeaderOptions } from './leader.ts';
import { createLeaseServer, type LeaseServer, type Weather } from './testing/lease-server.ts';

const fine: Weather = { there: 5, back: 5, fate: 'well' };

let clock: FakeClock;
let server: LeaseServer;

beforeEach(() => {
  clock = createFakeClock();
  server = createLeaseServer(clock);
});

interface Candidate {
  elector: LeaderElector;
  /** What its handlers were called for, with the seconds since the start of the test. */
  calls: string[];
  stop: AbortController;
  done: Promise<void>;
  weather: { now: Weather };
  kill: () => void;
}

function join(identity: string, options: Partial<LeaderOptions> = {}): Candidate {
  const weather = { now: fine };
  const { api, kill } = server.connect(() => weather.now);
  const calls: string[] = [];
  const seconds = (): number => Math.round(clock.monotonic() / 1000);
  const elector = createLeaderElector({
    api,
    clock,
    random: () => 0,
    log: silentLogger,
    namespace: 'tandem-system',
    name: 'tandem',
    identity,
    onStarted: () => void calls.push(`started ${seconds()}`),
    onStopped: () => void calls.push(`stopped ${seconds()}`),
    ...options,
  });
  const stop = new AbortController();
  return { elector, calls, stop, done: elector.run(stop.signal), weather, kill };
}

describe('leader election', () => {
  it('makes the first one leader, who keeps the lease', async () => {
    const a = join('a');
    await clock.advance(1_000);
    const b = join('b');
    await clock.advance(300_000);

    expect(a.elector.isLeader()).toBe(true);
    expect(a.elector.canWrite()).toBe(true);
    expect(b.elector.isLeader()).toBe(false);
    expect([a.elector.holder(), b.elector.holder()]).toEqual(['a', 'a']);
    expect([a.calls, b.calls]).toEqual([['started 0'], []]);
    expect(server.lease()).toMatchObject({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'tandem', namespace: 'tandem-system' },
      spec: {
        holderIdentity: 'a',
        leaseDurationSeconds: 15,
        acquireTime: '2026-01-01T00:00:00.010000Z',
        leaseTransitions: 0,
      },
    });
  });

  it('gives the lease back at its end, and the other takes it at its next look', async () => {
    const a = join('a');
    await clock.advance(1_000);
    const b = join('b');
    await clock.advance(60_000);

    a.stop.abort();
    await clock.advance(100);
    await a.done;
    expect(a.elector.isLeader()).toBe(false);
    expect(server.lease()?.['spec']).toMatchObject({ holderIdentity: '' });
    await clock.advance(2_500);

    expect(b.elector.isLeader()).toBe(true);
    expect(a.calls).toEqual(['started 0', 'stopped 61']);
    expect(server.lease()?.['spec']).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('gives it back only when the work has ended, under the lease until then', async () => {
    let finish = (): void => undefined;
    const a = join('a', { onStopped: () => new Promise((resolve) => (finish = resolve)) });
    await clock.advance(1_000);
    a.stop.abort();
    await clock.advance(5_000);
    expect(a.elector.canWrite()).toBe(true);
    expect(server.lease()?.['spec']).toMatchObject({ holderIdentity: 'a' });

    finish();
    await clock.advance(100);

    expect(a.elector.canWrite()).toBe(false);
    expect(server.lease()?.['spec']).toMatchObject({ holderIdentity: '' });
  });

  it('loses its right by its own deadline when a renewal hangs, before another may take over', async () => {
    const a = join('a');
    await clock.advance(500);
    const b = join('b');
    await clock.advance(60_000);
    const lost = clock.monotonic();
    a.weather.now = { ...fine, fate: 'lost' };

    await clock.advance(10_000);
    expect(a.elector.isLeader()).toBe(false);
    expect(b.elector.isLeader()).toBe(false);
    await clock.advance(8_000);

    expect(b.elector.isLeader()).toBe(true);
    expect(b.calls).toHaveLength(1);
    expect(a.calls[1]).toMatch(/^stopped (68|69|70)$/);
    expect(clock.monotonic() - lost).toBe(18_000);
  });

  it('takes nothing from an answer that comes too late', async () => {
    const a = join('a');
    await clock.advance(3_000);
    a.weather.now = { there: 5, back: 12_000, fate: 'well' };
    await clock.advance(10_000);
    expect(a.elector.isLeader()).toBe(false);

    for (let i = 0; i < 300; i += 1) {
      await clock.advance(100);
      expect(a.elector.isLeader()).toBe(false);
    }
    a.weather.now = fine;
    await clock.advance(10_000);

    expect(a.elector.isLeader()).toBe(true);
    expect(a.calls).toHaveLength(3);
  });

  it('does not believe the times in the record', async () => {
    const a = join('a');
    await clock.advance(1_000);
    const ahead: Clock = { ...clock, now: () => clock.now() + 3_600_000 };
    const b = join('b', { clock: ahead });
    await clock.advance(120_000);

    expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([true, false]);
  });

  it('does not take over because its own wall clock jumps, in either direction', async () => {
    const a = join('a');
    await clock.advance(1_000);
    let offset = 0;
    const b = join('b', { clock: { ...clock, now: () => clock.now() + offset } });
    await clock.advance(10_000);
    offset = 86_400_000;
    await clock.advance(60_000);
    offset = -86_400_000;
    await clock.advance(60_000);
    expect(b.calls).toEqual([]);

    a.kill();
    await clock.advance(20_000);
    expect(b.elector.isLeader()).toBe(true);
  });

  it('stops at once when its wall clock says that its machine slept, and goes on as a new term', async () => {
    let offset = 0;
    const a = join('a', { clock: { ...clock, now: () => clock.now() + offset } });
    await clock.advance(10_000);

    offset = 60_000;
    expect(a.elector.canWrite()).toBe(false);
    await clock.advance(5_000);

    expect(a.elector.canWrite()).toBe(true);
    expect(a.calls.map((line) => line.split(' ')[0])).toEqual(['started', 'stopped', 'started']);
  });

  it('keeps its right when its wall clock is set back', async () => {
    let offset = 0;
    const a = join('a', { clock: { ...clock, now: () => clock.now() + offset } });
    await clock.advance(10_000);

    offset = -3_600_000;
    await clock.advance(60_000);
    expect(a.calls).toEqual(['started 0']);
    a.weather.now = { ...fine, fate: 'lost' };
    await clock.advance(10_000);

    expect(a.elector.isLeader()).toBe(false);
  });

  it('is not led back by the answer to a renewal that was under way at the end', async () => {
    const a = join('a');
    await clock.advance(1_000);
    a.weather.now = { there: 5, back: 4_000, fate: 'well' };
    await clock.advance(1_500);
    a.weather.now = fine;

    a.stop.abort();
    await clock.advance(1_000);
    await a.done;
    expect(server.lease()?.['spec']).toMatchObject({ holderIdentity: '' });
    await clock.advance(5_000);

    expect(a.elector.isLeader()).toBe(false);
    expect(a.calls).toEqual(['started 0', 'stopped 3']);
  });

  it('leaves a holder its time when a person deletes the lease', async () => {
    const a = join('a');
    await clock.advance(1_000);
    const b = join('b');
    await clock.advance(29_500);
    a.weather.now = { ...fine, fate: 'lost' };

    server.remove();
    await clock.advance(9_000);
    expect(b.elector.isLeader()).toBe(false);
    await clock.advance(10_000);

    expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([false, true]);
  });

  it('stops at once when it sees another holder', async () => {
    const a = join('a');
    await clock.advance(2_500);
    const { api } = server.connect(() => fine);
    const lease = server.lease()!;
    const stolen = api.replace(
      { apiVersion: '', kind: '', plural: '', namespaced: true },
      { ...lease, spec: { holderIdentity: 'thief' } },
    );
    await clock.advance(2_000);
    await stolen;
    await clock.advance(500);

    expect(a.elector.isLeader()).toBe(false);
    expect(a.elector.holder()).toBe('thief');
    expect(a.calls.at(-1)).toMatch(/^stopped/);
  });

  it('survives handlers that throw', async () => {
    const fail = (): void => {
      throw new Error('handler');
    };
    const a = join('a', { onStarted: fail, onStopped: fail });
    await clock.advance(60_000);
    expect(a.elector.isLeader()).toBe(true);

    a.stop.abort();
    await clock.advance(1_000);
    await a.done;

    expect(server.lease()?.['spec']).toMatchObject({ holderIdentity: '' });
  });

  it('refuses times that do not fit', () => {
    expect(() => join('a', { renewDeadlineMs: 15_000 })).toThrow('retryMs < renewDeadlineMs < leaseMs');
  });
});

/** A small seeded generator (Mulberry32), so that a failing run can be repeated from its seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A clock that runs at another pace, is off by some hours and jumps. */
function oddClock(random: () => number): { clock: Clock; jump: () => void } {
  const pace = 0.87 + 0.26 * random();
  let offset = (random() - 0.5) * 1e7;
  return {
    clock: {
      now: () => clock.now() * pace + offset,
      monotonic: () => clock.monotonic() * pace,
      after: (ms, task) => clock.after(ms / pace, task),
    },
    jump: () => {
      offset += (random() - 0.5) * 1e5;
    },
  };
}

function storm(random: () => number): Weather {
  const slow = random() < 0.3 ? 12_000 : 500;
  const draw = random();
  return {
    there: random() * slow,
    back: random() * slow,
    fate: draw < 0.15 ? 'lost' : draw < 0.3 ? 'unanswered' : 'well',
  };
}

/** Runs timer by timer until `until`; `check` after each. */
async function play(until: number, check: () => void): Promise<void> {
  while ((clock.next() ?? Number.POSITIVE_INFINITY) <= until) {
    await clock.step();
    check();
  }
}

describe('in bad weather', () => {
  it('never has two leaders, and one again when it clears up', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = seeded(seed);
        clock = createFakeClock();
        server = createLeaseServer(clock);
        const start = clock.now();
        const stormEnds = start + 300_000;
        const candidates = new Set<Candidate>();
        let terms = 0;

        function enter(identity: string): void {
          const odd = oddClock(random);
          let working = false;
          const candidate = join(identity, {
            clock: odd.clock,
            random,
            onStarted: () => {
              expect(working).toBe(false);
              working = true;
              terms += 1;
            },
            onStopped: () => {
              expect(working).toBe(true);
              working = false;
            },
          });
          candidates.add(candidate);
          const trouble = (): void => {
            if (!candidates.has(candidate)) return;
            if (clock.now() >= stormEnds) {
              candidate.weather.now = fine;
              return;
            }
            candidate.weather.now = random() < 0.5 ? storm(random) : fine;
            const draw = random();
            if (draw < 0.1) odd.jump();
            else if (draw < 0.14) leave(candidate, identity, () => candidate.kill());
            else if (draw < 0.2) leave(candidate, identity, () => candidate.stop.abort());
            clock.after(20_000 * random(), trouble);
          };
          trouble();
        }

        function leave(candidate: Candidate, identity: string, how: () => void): void {
          if (!candidates.has(candidate) || candidate.stop.signal.aborted) return;
          how();
          // A killed process does nothing more; a stopped one counts until it has given the lease back.
          if (!candidate.stop.signal.aborted) candidates.delete(candidate);
          else void candidate.done.then(() => candidates.delete(candidate));
          enter(`${identity}'`);
        }

        const check = (): void => {
          expect([...candidates].filter(({ elector }) => elector.canWrite()).length).toBeLessThanOrEqual(1);
        };
        for (const identity of ['a', 'b', 'c']) enter(identity);
        await play(stormEnds + 90_000, check);

        expect([...candidates].filter(({ elector }) => elector.isLeader())).toHaveLength(1);
        expect(terms).toBeGreaterThan(0);
        for (const { stop } of candidates) stop.abort();
        await clock.advance(60_000);
      }),
      { numRuns: 100 },
    );
  });
});
