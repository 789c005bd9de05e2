import { setTimeout } from 'node:timers/promises';
import type { CanaryRelease } from '../../src/api/schema.ts';
import { type Pod, resources } from '../../src/kube/object.ts';
import { isReady } from '../../src/sandbox/controllers/pod-order.ts';
import { type RunningLoad, startLoad } from './load.ts';
import { deploymentOf, namespace, releaseOf, serviceOf } from './manifests.ts';
import { DemoError, type DemoOptions } from './options.ts';
import { createPace } from './pace.ts';
import { imageOf, type Scenario } from './scenarios.ts';
import type { Screen } from './screen.ts';
import { isOver, type View, viewOf } from './view.ts';
import type { World } from './world.ts';

/**
 * Longer than any release of the demo takes; what is not decided then is reported so. On a busy machine a version may be
 * held at its deadline first and judged later.
 */
const longestMs = 330_000;
const startMs = 90_000;
const lookMs = 250;
/** Load before the release, so that stable's code is compiled as it is in production. */
const settleMs = 4000;

/** How it went. */
export interface Played {
  views: View[];
  /** The load fell behind its rate at times: there was less evidence than the verdicts need. */
  wasBusy: boolean;
}

/** Everything that happens on the stage, from the first pod to the last verdict. Rejects when the signal aborts. */
export async function play(
  world: World,
  options: Pick<DemoOptions, 'scenarios' | 'quick'>,
  screen: Screen,
  signal: AbortSignal,
): Promise<Played> {
  const { scenarios } = options;
  let wasBusy = false;
  const loads = await prepare(world, options, screen, signal);
  const watch = createWatch(world, scenarios, loads);
  screen.say('a new version on each at once, as by kubectl set image: the gate holds it in the same write');
  for (const { name, tag } of scenarios) {
    const containers = [{ name: 'shop', image: imageOf(tag) }];
    await world.patch(resources.deployments, name, { spec: { template: { spec: { containers } } } });
  }
  const pace = createPace(totalRate(scenarios), () => performance.now());
  const finished = (): boolean => {
    const views = watch();
    const complaint = pace(views.reduce((sum, { counts }) => sum + counts.requests, 0));
    if (complaint !== undefined) {
      wasBusy = true;
      screen.say(complaint);
    }
    screen.show(views);
    return views.every(isOver);
  };
  if (!(await until(finished, longestMs, signal))) {
    screen.say(`not every release has ended within ${longestMs / 1000} s`);
  }
  return { views: watch(), wasBusy };
}

/** True when `check` says so in time. */
async function until(check: () => boolean, longest: number, signal: AbortSignal): Promise<boolean> {
  for (const end = performance.now() + longest; !check(); await setTimeout(lookMs)) {
    signal.throwIfAborted();
    if (performance.now() > end) return false;
  }
  return true;
}

async function must(what: string, check: () => boolean, signal: AbortSignal): Promise<void> {
  if (await until(check, startMs, signal)) return;
  throw new DemoError(`${what}: not within ${startMs / 1000} s; is this machine too busy?`);
}

/** The shop under load, each Deployment adopted and its gate proven. */
async function prepare(
  world: World,
  { scenarios, quick }: Pick<DemoOptions, 'scenarios' | 'quick'>,
  screen: Screen,
  signal: AbortSignal,
): Promise<Map<string, RunningLoad>> {
  const { sandbox } = world.parts;
  const many = scenarios.length === 1 ? 'a Deployment' : `${scenarios.length} Deployments, each`;
  screen.say(`the shop: ${many} with 3 pods of v1 and a Service; every pod is a process of this machine`);
  for (const scenario of scenarios) {
    await world.apply(resources.deployments, deploymentOf(scenario));
    await world.apply(resources.services, serviceOf(scenario));
  }
  const pods = (): readonly Pod[] => sandbox.peek<Pod>(resources.pods, namespace);
  await must('the pods are ready', () => pods().filter(isReady).length === 3 * scenarios.length, signal);
  const before = identities(pods());
  const loads = startLoads(world, scenarios, signal);
  screen.say(`load: ${totalRate(scenarios)} requests a second in all; then a CanaryRelease for each Deployment`);
  for (const scenario of scenarios) await world.apply(resources.canaryReleases, releaseOf(scenario, quick));
  await must('every gate is armed and proven', () => scenarios.every((one) => isArmed(releaseNow(world, one))), signal);
  const kept = identities(pods()) === before ? 'no pod restarted' : 'PODS CHANGED';
  screen.say(`adopted: every gate is armed and proven, ${kept}`);
  await until(() => false, quick ? 0 : settleMs, signal);
  return loads;
}

function identities(pods: readonly Pod[]): string {
  return pods
    .map(({ metadata, status }) => `${metadata.uid}/${status?.containerStatuses?.[0]?.restartCount}`)
    .join(' ');
}

function totalRate(scenarios: Scenario[]): number {
  return scenarios.reduce((sum, { rate }) => sum + rate, 0);
}

function startLoads({ parts }: World, scenarios: Scenario[], signal: AbortSignal): Map<string, RunningLoad> {
  return new Map(
    scenarios.map(({ name, rate }) => {
      const url = parts.services.url(namespace, name);
      if (url === undefined) throw new DemoError(`Service ${name} has no port`);
      return [name, startLoad(url, rate, signal)];
    }),
  );
}

function releaseNow({ parts }: World, { name }: Scenario): CanaryRelease | undefined {
  const all = parts.sandbox.peek<CanaryRelease>(resources.canaryReleases, namespace);
  return all.find(({ metadata }) => metadata.name === name);
}

function isArmed(release: CanaryRelease | undefined): boolean {
  const conditions = release?.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** How all releases stand at the moment of each call; it remembers when each was ready and when it was decided. */
function createWatch(world: World, scenarios: Scenario[], loads: Map<string, RunningLoad>): () => View[] {
  const begunAt = new Map<string, number>();
  const readyAt = new Map<string, number>();
  const decidedAfter = new Map<string, number>();

  function viewNow(scenario: Scenario): View {
    const { name } = scenario;
    const counts = loads.get(name)?.counts ?? { requests: 0, errors: 0, lost: 0, byVersion: new Map() };
    const status = releaseNow(world, scenario)?.status ?? { observedGeneration: -1 };
    const view = viewOf(scenario, status, counts);
    // By its own clock, which nobody sets: this looks several times a second.
    const now = performance.now();
    if (status.canary !== undefined && !begunAt.has(name)) begunAt.set(name, now);
    if (status.canary?.since && !readyAt.has(name)) readyAt.set(name, now);
    if (view.entry !== undefined && !decidedAfter.has(name)) {
      const from = readyAt.get(name) ?? begunAt.get(name) ?? now;
      decidedAfter.set(name, Math.round((now - from) / 1000));
    }
    return { ...view, decidedAfter: decidedAfter.get(name) };
  }

  return () => scenarios.map(viewNow);
}
