import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { root, stateDir } from '../cluster/paths.ts';
import type { Case, CaseResult } from './case.ts';

/** Columns of the table of bad versions: facts that the cases note under these names. */
const timings = ['s to decision', 'requests to decision', 's to last request', 'requests after decision'];

const readme = join(root, 'test/e2e/README.md');
const [begin, end] = ['<!-- last run -->', '<!-- end of last run -->'];

/** What a run showed, as Markdown. */
export function reportOf(
  cases: readonly Case[],
  results: readonly CaseResult[],
  memory: string,
  minutes: number,
): string {
  const ordered = cases.flatMap((item) => results.filter((result) => result.name === item.name));
  const isCi = (name: string): string => (cases.some((item) => item.name === name && item.ci) ? '●' : '');
  const rows = ordered.map(({ name, proves, outcome, seconds, facts }) => {
    const other = Object.entries(facts).filter(([key]) => !timings.includes(key));
    const seen = other.map(([key, value]) => `${key} ${value}`).join(', ');
    return [isCi(name), name, proves, outcome, `${seconds} s`, seen];
  });
  const judged = ordered.filter(({ facts }) => 's to decision' in facts);
  const bad = judged.map(({ name, facts }) => [name, ...[...timings, 'lost'].map((key) => String(facts[key] ?? '-'))]);
  const { passed, failed, voided } = count(results);
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return [
    `${passed} passed, ${failed} failed, ${voided} void, in ${Math.round(minutes)} minutes on ${machine}.`,
    table(['CI', 'case', 'proves', 'outcome', 'time', 'seen'], rows),
    'From the first request of the canary to the decision, and from the decision to its last request:',
    table(['bad version', 's to decision', 'canary requests', 's after it', 'canary requests', 'lost'], bad),
    `Memory of the operator's pods (leader and standby) at the end: ${memory}.`,
  ].join('\n\n');
}

export function count(results: readonly CaseResult[]): { passed: number; failed: number; voided: number } {
  const of = (outcome: CaseResult['outcome']): number => results.filter((result) => result.outcome === outcome).length;
  return { passed: of('passed'), failed: of('failed'), voided: of('void') };
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Keeps the report of the last run, and in the README when asked. */
export function keep(report: string, inReadme: boolean): void {
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(join(stateDir, 'e2e.md'), `${report}\n`);
  if (!inReadme) return;
  const text = readFileSync(readme, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${readme}: the marks ${begin} and ${end} are missing`);
  writeFileSync(readme, `${text.slice(0, from)}${begin}\n\n${report}\n\n${text.slice(to)}`);
}
