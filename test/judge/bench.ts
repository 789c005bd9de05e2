import { parseArgs } from 'node:util';
import { harmful, healthy, stress } from './scenarios.ts';
import type { Scenario } from './simulate.ts';
import { smallCluster } from './small-cluster.ts';
import { measureJudge } from './speed.ts';
import { type Tally, tally, wilson } from './tally.ts';

/**
 * `npm run bench:judge -- [--runs 50] [--seed 1] [--only TEXT]`: how often the judge takes back healthy versions and
 * finds harmful ones, beside fixed thresholds and Mann-Whitney 95/75, on simulated releases. With `--speed LINES` instead:
 * how many recordings `tandem judge` reads in a second and what it keeps.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    speed: { type: 'string' },
    scrape: { type: 'string', default: '15' },
  },
});
const runs = Number(values.runs);

function percent(hits: number, of: number): string {
  return `${Math.round((100 * hits) / of)} %`;
}

function seconds(value: number): string {
  return Number.isNaN(value) ? '' : `${value}`;
}

function row(found: Tally): string {
  const reasons = Object.entries(found.reasons).map(([name, count]) => `${name} ${count}`);
  return [
    found.name.padEnd(36),
    percent(found.rolledBack, found.runs).padStart(7),
    seconds(found.median).padStart(6),
    seconds(found.late).padStart(6),
    percent(found.promoted, found.runs).padStart(7),
    seconds(found.promotedAt).padStart(6),
    percent(found.weak, found.runs).padStart(7),
    percent(found.thresholds, found.runs).padStart(11),
    percent(found.ranks, found.runs).padStart(8),
    `  ${reasons.join(', ')}`,
  ].join('');
}

function pooled(title: string, all: readonly Tally[]): string {
  const of = all.reduce((sum, { runs: count }) => sum + count, 0);
  const share = (pick: (found: Tally) => number): string => {
    const hits = all.reduce((sum, found) => sum + pick(found), 0);
    const [low, high] = wilson(hits, of);
    return `${((100 * hits) / of).toFixed(2)} % (${(100 * low).toFixed(2)} to ${(100 * high).toFixed(2)})`;
  };
  return `${title}: rolled back ${share((f) => f.rolledBack)}, promoted ${share((f) => f.promoted)}, weakly ${share((f) => f.weak)}; thresholds ${share((f) => f.thresholds)}, Mann-Whitney ${share((f) => f.ranks)}`;
}

function group(title: string, scenarios: readonly Scenario[]): void {
  console.log(
    `\n${title.padEnd(36)} rolled  median   90 % promoted  at s   weak  thresholds   ranks   rolled back because of`,
  );
  const all = scenarios
    .filter(({ name }) => name.includes(values.only))
    .map((scenario) => {
      const found = tally(scenario, runs, Number(values.seed));
      console.log(row(found));
      return found;
    });
  if (all.length > 0) console.log(pooled(title, all));
}

async function speed(lines: number, scrapeSeconds: number): Promise<void> {
  const found = await measureJudge(lines, scrapeSeconds);
  console.log(
    `${found.perSecond.toFixed(1)} recordings a CPU second: 30 minutes, 4 pods, scrapes every ${scrapeSeconds} s, ${(found.bytesPerLine / 1e3).toFixed(0)} kB each, ${lines} lines`,
  );
  console.log(
    `heap: ${found.heaps.map(({ line, bytes }) => `line ${line} ${(bytes / 1e6).toFixed(1)} MB`).join(', ')}`,
  );
}

function rates(): void {
  console.log(`${runs} runs each, seed ${values.seed}`);
  group('healthy', healthy);
  group('healthy, hard', stress);
  group('harmful', harmful);
  group('small cluster', smallCluster);
}

if (values.speed === undefined) rates();
else await speed(Number(values.speed), Number(values.scrape));
