import { parseArgs } from 'node:util';
import { createKubeApi } from '../../src/kube/client.ts';
import { loadClusterConfig } from '../../src/kube/config.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { ensureUp, insideNamespace, loadImages, testCluster } from '../cluster/environment.ts';
import type { Case, CaseResult } from './case.ts';
import { cases } from './cases/index.ts';
import { checkBackground, lagOf, noteLoads } from './check.ts';
import { installOperator, operatorMemory } from './operator.ts';
import { count, keep, reportOf } from './report.ts';
import { createStage } from './stage.ts';

/** Cases that run at once: more would slow each other down on a small machine. */
const parallel = 3;
/** A run that failed while the load generator itself lagged says nothing: it is tried again, this often in all. */
const triesWhenVoid = 3;
/** Failures that are tried a second time; with more of them none is. */
const mostSecondTries = 2;

const usage = `npm run test:cluster [-- --all] [--only NAME,NAME] [--list] [--keep] [--readme]

Runs the end-to-end cases on the real cluster: those of continuous integration, or every one with --all.

  --list     name the cases and what each proves
  --keep     leave the namespaces of the cases for a look
  --readme   write the report into test/e2e/README.md, not only into .state/e2e.md
`;

function say(text: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      all: { type: 'boolean', default: false },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      readme: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const chosen = choose(values.all, values.only);
  if (values.list) {
    for (const item of cases) console.log(`${item.ci ? '●' : ' '} ${item.name.padEnd(28)} ${item.proves}`);
    return 0;
  }
  if (process.env['TANDEM_E2E_INSIDE'] === undefined) {
    await ensureUp();
    await loadImages();
    process.env['TANDEM_E2E_INSIDE'] = '1';
  }
  await insideNamespace();
  await installOperator(say);
  const started = Date.now();
  const results = await runAll(chosen, values.keep);
  return report(results, started, values.readme);
}

function choose(all: boolean, only: string | undefined): Case[] {
  if (only === undefined) return cases.filter((item) => all || item.ci);
  const names = only.split(',');
  const unknown = names.filter((name) => !cases.some((item) => item.name === name));
  if (unknown.length > 0) throw new Error(`no case is named ${unknown.join(', ')}; --list shows them`);
  return cases.filter((item) => names.includes(item.name));
}

async function runAll(chosen: Case[], keep: boolean): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const together = chosen.filter((item) => item.alone !== true);
  const next = async (): Promise<void> => {
    for (let item = together.shift(); item !== undefined; item = together.shift())
      results.push(await runCase(item, keep));
  };
  await Promise.all(Array.from({ length: parallel }, next));
  for (const item of chosen.filter((one) => one.alone === true)) results.push(await runCase(item, keep));
  return secondTry(chosen, results, keep);
}

/**
 * One or two failures among many may be the machine's: each is tried once more, alone, and the report says so with
 * what went wrong first. More of them are the product's and stand.
 */
async function secondTry(chosen: Case[], results: CaseResult[], keep: boolean): Promise<CaseResult[]> {
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0 || failed.length > mostSecondTries || chosen.length < 10) return results;
  for (const first of failed) {
    const item = chosen.find(({ name }) => name === first.name);
    if (item === undefined) continue;
    say(`${item.name}: failed, a second time alone`);
    const second = await runCase(item, keep);
    second.facts['second try, first'] = (first.error ?? '').slice(0, 200);
    results.splice(results.indexOf(first), 1, second);
  }
  return results;
}

async function runCase(item: Case, keep: boolean): Promise<CaseResult> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await tryCase(item, keep);
    if (result.outcome !== 'void' || attempt >= triesWhenVoid) return result;
    say(`${item.name}: ${result.error}; once more`);
  }
}

async function tryCase(item: Case, keep: boolean): Promise<CaseResult> {
  const started = Date.now();
  const config = loadClusterConfig({ clock: systemClock, kubeconfig: testCluster().kubeconfig });
  const api = createKubeApi({
    config,
    clock: systemClock,
    random: Math.random,
    userAgent: 'tandem-e2e',
    fieldManager: 'e2e',
  });
  const namespace = `e2e-${item.name}-${Math.floor(started / 1000) % 100_000}`;
  const log = (text: string): void => say(`${item.name}: ${text}`);
  const stage = createStage({ api, namespace, log, rate: item.load ?? 0 });
  const base = { name: item.name, proves: item.proves, facts: stage.facts };
  say(`${item.name}: begins`);
  try {
    await stage.kubectl(['create', 'namespace', namespace]);
    await item.run(stage);
    await checkBackground(stage, item.lost);
    const seconds = Math.round((Date.now() - started) / 1000);
    noteLoads(stage);
    say(`${item.name}: passed in ${seconds} s ${JSON.stringify(stage.facts)}`);
    return { ...base, outcome: 'passed', seconds };
  } catch (error) {
    const seconds = Math.round((Date.now() - started) / 1000);
    const message = error instanceof Error ? error.message : String(error);
    const lag = lagOf(stage);
    const outcome = lag === undefined ? 'failed' : 'void';
    const text = lag === undefined ? message : `the load generator sent its requests ${lag} late (p99); ${message}`;
    say(`${item.name}: ${outcome} after ${seconds} s: ${text}`);
    return { ...base, outcome, seconds, error: text };
  } finally {
    if (!keep) await stage.cleanup();
    await api.close();
  }
}

async function report(results: CaseResult[], started: number, inReadme: boolean): Promise<number> {
  const text = reportOf(cases, results, await operatorMemory(), (Date.now() - started) / 60_000);
  keep(text, inReadme);
  console.log(`\n${text}\n`);
  for (const result of results.filter(({ outcome }) => outcome === 'failed'))
    say(`FAILED ${result.name}: ${result.error}`);
  const voided = results.filter(({ outcome }) => outcome === 'void').map(({ name }) => name);
  if (voided.length > 0) say(`void, for the load generator lagged: ${voided.join(', ')}`);
  const { passed, failed } = count(results);
  console.log(`${passed} passed, ${failed} failed${voided.length > 0 ? `, ${voided.length} skipped` : ''}`);
  return failed > 0 || results.length === 0 ? 1 : 0;
}

process.exitCode = await main();
process.exit();
