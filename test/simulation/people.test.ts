import { describe, expect, it } from 'vitest';
import { GATE_LABEL, SERVICE_ACCOUNT } from '../../src/api/names.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { resources } from '../../src/kube/object.ts';
import { createRandom } from '../../src/sandbox/random.ts';
import { createWorld, firstRelease, type World } from './world.ts';

/**
 * People, GitOps tools and faults in any order, from a seed. After each call of anybody the invariants are looked at;
 * when the faults stop, the release must come to an end or to a state that names who must act. A failure names its
 * seed: `SEEDS=17 npx vitest run test/simulation/people.test.ts` plays it again.
 */
const given = process.env['SEEDS'];
const seeds = given === undefined ? Array.from({ length: 40 }, (_, index) => index + 1) : given.split(',').map(Number);

const versions = ['v1', 'v2', 'v3', 'v4'];
const usual = {
  analysis: { minDuration: '1m', warmup: '10s', deadline: '4m' },
  canary: { startDeadline: '1m' },
};

interface Step {
  name: string;
  run(world: World, pick: <T>(from: readonly T[]) => T): Promise<unknown> | void;
}

const steps: Step[] = [
  { name: 'another version', run: (world, pick) => world.setVersion(pick(versions)) },
  { name: 'another version', run: (world, pick) => world.setVersion(pick(versions)) },
  { name: 'another version', run: (world, pick) => world.setVersion(pick(versions)) },
  { name: 'scale', run: (world, pick) => world.scale(pick([0, 1, 2, 3, 5])) },
  {
    name: 'restart',
    run: (world) =>
      world.patchTarget({
        spec: {
          template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': String(world.clock.now()) } } },
        },
      }),
  },
  { name: 'resume by hand', run: (world) => world.patchTarget({ spec: { paused: null } }) },
  { name: 'label removed', run: (world) => world.patchTarget({ metadata: { labels: { [GATE_LABEL]: null } } }) },
  { name: 'promote', run: async (world) => command(world, 'promote') },
  { name: 'promote next', run: (world) => world.command('promote', 'next') },
  { name: 'abort', run: async (world) => command(world, 'abort') },
  { name: 'retry', run: async (world) => command(world, 'retry') },
  { name: 'hold', run: async (world) => command(world, 'hold') },
  { name: 'suspend', run: (world) => world.patchRelease({ spec: { suspend: true } }) },
  { name: 'go on', run: (world) => world.patchRelease({ spec: { suspend: false } }) },
  {
    name: 'canary deleted',
    run: (world) => world.admin.delete(resources.deployments, { namespace: 'shop', name: 'shop-canary' }),
  },
  {
    name: 'baseline deleted',
    run: (world) => world.admin.delete(resources.deployments, { namespace: 'shop', name: 'shop-baseline' }),
  },
  {
    name: 'baseline asked for or not',
    run: (world, pick) => world.patchRelease({ spec: { canary: { baseline: pick([true, false]) } } }),
  },
  {
    name: 'canary scaled',
    run: (world) =>
      world.admin.patch(
        resources.deployments,
        { namespace: 'shop', name: 'shop-canary' },
        { spec: { replicas: 0 } },
        { type: 'merge' },
      ),
  },
  {
    name: 'release deleted',
    run: (world) => world.admin.delete(resources.canaryReleases, { namespace: 'shop', name: 'checkout' }),
  },
  {
    name: 'release created',
    run: (world) => world.admin.create(resources.canaryReleases, firstRelease({ spec: usual })),
  },
  {
    name: 'release created',
    run: (world) => world.admin.create(resources.canaryReleases, firstRelease({ spec: usual })),
  },
  { name: 'operator killed', run: (world) => world.killOperator() },
  { name: 'operator started', run: (world) => (world.operatorRuns() ? undefined : world.startOperator()) },
  { name: 'operator started', run: (world) => (world.operatorRuns() ? undefined : world.startOperator()) },
  {
    name: 'verdicts change',
    run: (world, pick) =>
      world.script(pick(versions), {
        verdict: pick(['Pass', 'Regression', 'Undecided'] as const),
        weakPass: pick([true, false]),
        borderline: pick([true, false]),
      }),
  },
];

async function command(world: World, name: 'promote' | 'abort' | 'retry' | 'hold'): Promise<void> {
  const revision = (await world.status()).target?.revision;
  if (revision !== undefined) await world.command(name, revision);
}

/** What a person tries may be refused; only Tandem must not break. */
async function attempt(run: () => Promise<unknown> | void): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

async function play(seed: number): Promise<void> {
  const random = createRandom(seed);
  const next = random;
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  const spec = { ...usual, canary: { ...usual.canary, baseline: seed % 2 === 0 } };
  const world = await createWorld({ seed, spec, replicas: pick([1, 2, 3, 4]) });
  const history: string[] = [];
  for (const version of versions)
    world.script(version, {
      verdict: pick(['Pass', 'Regression', 'Undecided'] as const),
      weakPass: pick([true, false]),
      borderline: pick([true, false]),
    });
  const faultRate = pick([0, 0, 0.05, 0.2]);
  world.sandbox.faults.before((call) => {
    if (call.verb === 'watch' || next() >= faultRate) return 'ok';
    return pick([
      new ApiError(500, 'InternalError', 'injected'),
      new ApiError(409, 'Conflict', 'injected'),
      new ApiError(429, 'TooManyRequests', 'injected'),
      { after: new ApiError(0, 'ECONNRESET', 'injected') },
    ]);
  }, SERVICE_ACCOUNT);
  try {
    for (let index = 0; index < 25; index += 1) {
      const step = pick(steps);
      history.push(`${((world.clock.now() - Date.UTC(2026, 0, 1)) / 1000).toFixed(1)} ${step.name}`);
      await attempt(() => step.run(world, pick));
      await world.seconds(pick([0, 0.3, 1, 3, 10, 40, 150]));
      expect(world.violations).toEqual([]);
    }
    world.sandbox.faults.clear();
    if (!world.operatorRuns()) world.startOperator();
    await attempt(() => world.admin.create(resources.canaryReleases, firstRelease({ spec })));
    await attempt(() => world.patchRelease({ spec: { suspend: false } }));
    await attempt(() => world.scale(3));
    await comesToRest(world);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${seed}: ${text}\n  ${history.join('\n  ')}`, { cause: error });
  } finally {
    world.killOperator();
  }
}

/** Once nothing disturbs any more: an end, or a state that names who must act, and nothing left behind. */
async function comesToRest(world: World): Promise<void> {
  await world.seconds(1800);
  const status = await world.status();
  const gate = await world.gate();
  const waitsForPerson = status.conditions?.some((item) => item.type === 'Stalled' && item.reason === 'TargetPaused');
  if (waitsForPerson === true) return;
  expect(['Idle', 'Rejected', 'Held'], `${status.phase}: ${status.message}`).toContain(status.phase);
  if (gate !== 'open') {
    expect(Object.keys(world.serving()), `one version serves; ${status.phase}: ${status.message}`).toHaveLength(1);
    expect(world.pods(), status.message ?? '').toHaveLength(3);
  }
  if (status.phase !== 'Held') {
    expect(world.canary(), `no canary in ${status.phase}`).toBeUndefined();
    expect(world.baseline(), `no baseline in ${status.phase}`).toBeUndefined();
  }
  expect(world.violations).toEqual([]);
}

describe('people and faults in any order', () => {
  it.each(seeds)('seed %i', { timeout: 60_000 }, play);
});
