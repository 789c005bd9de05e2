import { parseArgs } from 'node:util';
import { createScaleCluster } from './scale/cluster.ts';
import { heap, measureEvidence } from './scale/evidence.ts';
import { measureProcess } from './scale/process.ts';
import { createSyntheticSource } from './scale/synthetic-source.ts';

const { values } = parseArgs({
  options: {
    idle: { type: 'string', default: '1000' },
    releasing: { type: 'string', default: '100' },
    'soak-hours': { type: 'string', default: '24' },
    'evidence-minutes': { type: 'string', default: '20' },
    'rest-minutes': { type: 'string', default: '10' },
    'releasing-minutes': { type: 'string', default: '4' },
    'process-releasing': { type: 'string', default: '10' },
    'node-options': { type: 'string' },
    snapshot: { type: 'string' },
    only: { type: 'string' },
  },
});

const HOUR_MS = 3_600_000;
/** By then 1,000 new releases have their plans, ten in a round of evidence. */
const PLANNED_MS = 900_000;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Real time: only when it is asked for. */
async function ownProcess(): Promise<void> {
  say(`\nthe operator as a process of its own, ${values.idle} releases`);
  await measureProcess(
    {
      releases: Number(values.idle),
      restMinutes: Number(values['rest-minutes']),
      releasing: Number(values['process-releasing']),
      releasingMinutes: Number(values['releasing-minutes']),
      nodeOptions: values['node-options'],
      snapshot: values.snapshot,
    },
    say,
  );
}

function table(counts: ReadonlyMap<string, number>, per: number, unit: string): void {
  for (const [what, count] of [...counts].toSorted(([, a], [, b]) => b - a))
    say(`  ${(count / per).toFixed(3).padStart(12)} ${unit}  ${what}`);
}

function sourceFor(): ReturnType<typeof createSyntheticSource> {
  return createSyntheticSource(Date.UTC(2025, 11, 31));
}

function cpu(before?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function idle(count: number): Promise<void> {
  const cluster = await createScaleCluster(count, sourceFor);
  await cluster.clock.advance(PLANNED_MS);
  say(`\n${count} releases at rest, one virtual hour (${JSON.stringify(cluster.phases())})`);
  cluster.reset();
  const before = process.cpuUsage();
  await cluster.clock.advance(HOUR_MS);
  say(`  ${cpu(before).toFixed(2)} CPU seconds, the in-process API included; ${cluster.queries.count} queries`);
  table(cluster.requests, 1, 'requests');
  cluster.stop();
}

async function releasing(total: number, count: number): Promise<void> {
  const cluster = await createScaleCluster(total, sourceFor);
  await cluster.release(count, 'v2');
  await cluster.clock.advance(120_000);
  say(`\n${count} of ${total} releasing at once, ten virtual minutes (${JSON.stringify(cluster.phases())})`);
  cluster.reset();
  const before = process.cpuUsage();
  await cluster.clock.advance(600_000);
  const perHour = count / 6;
  const seconds = cpu(before) - cluster.queries.seconds;
  say(`  ${(seconds / perHour).toFixed(1)} CPU seconds a release and hour, the in-process API included`);
  say(`  ${(cluster.queries.count / 120).toFixed(2)} queries an interval of 5 s`);
  table(cluster.requests, perHour, 'requests a release and hour');
  cluster.stop();
}

async function soak(count: number, hours: number): Promise<void> {
  const cluster = await createScaleCluster(count, sourceFor);
  say(`\n${count} releases for ${hours} virtual hours, one of them releasing every hour`);
  const marks: string[] = [];
  for (let hour = 1; hour <= hours; hour += 1) {
    await cluster.release(1, hour % 2 === 0 ? 'v1' : `v${hour}`);
    await cluster.clock.advance(HOUR_MS);
    cluster.sandbox.compact();
    if (hour === 1 || hour % Math.ceil(hours / 6) === 0) marks.push(`${hour} h ${(heap() / 1e6).toFixed(1)} MB`);
  }
  say(`  heap, the in-process API included: ${marks.join(', ')}`);
  cluster.stop();
}

async function evidence(count: number, minutes: number): Promise<void> {
  const cost = await measureEvidence(count, minutes);
  say(`\nevidence and judge, ${count} releases at once, scrapes every 5 s, ${minutes} virtual minutes`);
  say(
    `  ${cost.secondsPerReleaseHour.toFixed(2)} CPU seconds a release and hour: one core carries ${Math.floor(3600 / cost.secondsPerReleaseHour)}`,
  );
  say(
    `  ${cost.queriesAtStart} queries in the first six rounds, ${cost.queriesPerRound.toFixed(1)} in each after them`,
  );
  say(
    `  ${cost.roundSeconds.toFixed(2)} CPU seconds from the first question of a round to the last verdict, ${cost.longestSeconds.toFixed(2)} at most`,
  );
  say(`  ${(cost.bytesPerRelease / 1e6).toFixed(2)} MB a release`);
  say(`  verdicts ${JSON.stringify(cost.verdicts)}`);
}

const steps: Record<string, () => Promise<void>> = {
  evidence: () => evidence(Number(values.releasing), Number(values['evidence-minutes'])),
  idle: () => idle(Number(values.idle)),
  'idle-small': () => idle(Math.ceil(Number(values.idle) / 10)),
  releasing: () => releasing(Number(values.releasing), Number(values.releasing)),
  'releasing-small': () => releasing(Number(values.releasing), Math.ceil(Number(values.releasing) / 10)),
  process: ownProcess,
  soak: () => soak(Math.ceil(Number(values.idle) / 10), Number(values['soak-hours'])),
};
for (const [name, run] of Object.entries(steps)) if (values.only === undefined || values.only === name) await run();
