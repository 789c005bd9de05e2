import { setTimeout as wait } from 'node:timers/promises';
import { type Memory, startProcesses } from './operator-process.ts';

export interface ProcessPlan {
  releases: number;
  /** Minutes of rest that are watched. */
  restMinutes: number;
  /** Releases at once after it, and for how many minutes. */
  releasing: number;
  releasingMinutes: number;
  /** NODE_OPTIONS in place of the manifests'. */
  nodeOptions?: string | undefined;
  /** Where a heap snapshot of the operator at rest goes. */
  snapshot?: string | undefined;
}

const SECOND_MS = 1000;

/** The operator in a process of its own, as the manifests start it, over an API in another: what it says of itself. */
export async function measureProcess(plan: ProcessPlan, say: (text: string) => void): Promise<void> {
  const began = Date.now();
  const processes = await startProcesses(plan);
  const show = (what: string, { rss, heapUsed, external, heapTotal, cpu }: Memory): void =>
    say(
      `  ${what}: RSS ${mega(rss)}, heap ${mega(heapUsed)} of ${mega(heapTotal)}, outside ${mega(external)} MB, CPU ${cpu.toFixed(1)} s`,
    );
  try {
    await untilAtRest(processes.ask, plan.releases);
    show(`at rest after ${((Date.now() - began) / 60_000).toFixed(1)} min`, await processes.memory());
    for (let minute = 1; minute <= plan.restMinutes; minute += 1) {
      await wait(60 * SECOND_MS);
      if (minute === 1 || minute % 5 === 0 || minute === plan.restMinutes)
        show(`${minute} min of rest`, await processes.memory());
    }
    show('collected', await processes.collected());
    if (plan.snapshot !== undefined) {
      await processes.snapshot(plan.snapshot);
      // Writing it takes memory that is not given back: what came after it would be wrong.
      return;
    }
    if (plan.releasing === 0) return;
    await processes.ask();
    const before = await processes.memory();
    processes.release(plan.releasing, 'v2');
    let most = before;
    for (let second = 0; second < plan.releasingMinutes * 60; second += 5) {
      await wait(5 * SECOND_MS);
      const now = await processes.memory();
      if (now.rss > most.rss) most = now;
    }
    const { phases, requests, queries } = await processes.ask();
    say(
      `  ${plan.releasing} releasing for ${plan.releasingMinutes} min: ${JSON.stringify(phases)}, ${queries} queries`,
    );
    say(`    ${JSON.stringify(requests)}`);
    show('most', most);
    show('then', await processes.memory());
    show('collected', await processes.collected());
  } finally {
    await processes.stop();
  }
}

/** Until all have been taken over and planned: nothing is asked for a while. */
async function untilAtRest(
  ask: () => Promise<{ phases: Record<string, number>; requests: Record<string, number>; queries: number }>,
  releases: number,
): Promise<void> {
  for (let quiet = 0, round = 0; quiet < 3; round += 1) {
    if (round > 240) throw new Error('the operator does not come to rest');
    await wait(5 * SECOND_MS);
    const { phases, requests, queries } = await ask();
    const asked = Object.entries(requests).filter(([what]) => !what.endsWith('leases') && !what.startsWith('watch'));
    quiet = phases['Idle'] === releases && asked.length === 0 && queries === 0 ? quiet + 1 : 0;
  }
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
