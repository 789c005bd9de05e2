import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { isFields } from '../../../src/sandbox/json.ts';
import { type Topic, topicsOf } from './generate/kinds.ts';
import { collectionOf, sequenceOf } from './generate/operations.ts';
import { createNamespaces } from './namespaces.ts';
import { differences } from './normalise.ts';
import { describeOperation, type Operation } from './operation.ts';
import { type Recorded, readRecorded, writeRecorded } from './recorded.ts';
import { type Course, runSequence } from './sequence.ts';
import { clusterTarget, sandboxTarget, type Target } from './target.ts';
import { installWidgets } from './widgets.ts';

const USAGE = `Usage: CONFORMANCE_KUBECONFIG=FILE npm run differential -- [flags]

Sends the same generated sequences of requests to a real cluster and to a sandbox, and tells where their answers differ.

  --seed N        of the first check (default: by the time)
  --sequences N   how many sequences in each check (default: 200)
  --checks N      how many checks, each of its own seed and kind (default: one for each kind)
  --kind NAME     of which kind; may be given several times (default: all)
  --length N      longest sequence (default: 8)
  --survey        group the differences of all sequences, instead of shrinking the first one
  --record        write the cluster's answers into recorded/, and nothing else
`;

/** The first operation whose answers differ, and how. */
function compareCourses(a: Course, b: Course): { index: number; lines: string[] } | undefined {
  for (const [index, answer] of a.answers.entries()) {
    const lines = differences(answer, b.answers[index]);
    if (lines.length > 0) return { index, lines };
  }
  const lines = differences(a.events, b.events);
  return lines.length > 0 ? { index: a.answers.length, lines } : undefined;
}

interface Pair {
  cluster: Target;
  sandbox: Target;
}

interface Difference {
  index: number;
  lines: string[];
  said: string[];
}

async function compareOn(
  { cluster, sandbox }: Pair,
  topic: Topic,
  operations: Operation[],
): Promise<Difference | undefined> {
  const watched = [collectionOf(topic)];
  const run = async (target: Target): Promise<Course> => {
    const namespaces = createNamespaces(target);
    const namespace = await namespaces.take();
    try {
      return await runSequence(target, namespace, operations, watched);
    } finally {
      await namespaces.giveBack(namespace);
    }
  };
  const [real, ours] = await Promise.all([run(cluster), run(sandbox)]);
  const found = compareCourses(real, ours);
  if (found === undefined) return undefined;
  const said = (course: Course): string => {
    const reply = course.replies[found.index];
    const body = reply?.body;
    if (found.lines.some((line) => line.startsWith('.warnings'))) return JSON.stringify(reply?.warnings);
    return isFields(body) && body['kind'] === 'Status' ? JSON.stringify(body['message']) : '';
  };
  return { ...found, said: [`  cluster: ${said(real)}`, `  sandbox: ${said(ours)}`] };
}

async function check(
  pair: Pair,
  topic: Topic,
  seed: number,
  numRuns: number,
  length: number,
): Promise<string | undefined> {
  const property = fc.asyncProperty(sequenceOf(topic, length), async (operations) => {
    const found = await compareOn(pair, topic, operations);
    if (found !== undefined) throw new Error(describeDifference(found));
  });
  const details = await fc.check(property, { seed, numRuns, interruptAfterTimeLimit: 240_000 });
  if (!details.failed || details.counterexample === null) return undefined;
  const [operations] = details.counterexample;
  const error = details.errorInstance instanceof Error ? details.errorInstance.message : '';
  const steps = operations.map((operation, index) => `  ${index} ${describeOperation(operation)}`);
  return `seed ${seed}, path ${details.counterexamplePath}, after ${details.numRuns} sequences:\n${steps.join('\n')}\n${error}`;
}

function describeDifference({ index, lines, said }: Difference): string {
  return [`operation ${index} (cluster | sandbox)`, ...lines, ...said].join('\n');
}

/** What differs, without the values: differences of one cause look alike. */
function signatureOf(operations: Operation[], { index, lines }: Difference): string {
  const { method = 'WATCH', type = '', path = '' } = operations[index] ?? {};
  const places = lines.map((line) =>
    line.startsWith('.status:') ? line : line.replace(/: .*/, '').replaceAll(/\[\d+\]|\{.*\}/g, ''),
  );
  return [method, type.replace('application/', ''), path.split('/').slice(6).join('/'), ...new Set(places)]
    .join(' ')
    .slice(0, 300);
}

/** Runs all sequences and groups the first differences of each by what differs. */
async function survey(pair: Pair, topic: Topic, seed: number, numRuns: number, length: number): Promise<number> {
  const waiting = fc.sample(sequenceOf(topic, length), { seed, numRuns });
  const groups = new Map<string, { count: number; operations: Operation[]; difference: Difference }>();
  const work = async (): Promise<void> => {
    for (let operations = waiting.pop(); operations !== undefined; operations = waiting.pop()) {
      const difference = await compareOn(pair, topic, operations);
      if (difference === undefined) continue;
      const signature = signatureOf(operations, difference);
      const group = groups.get(signature);
      const cut = operations.slice(0, difference.index + 1);
      if (group === undefined || cut.length < group.operations.length) {
        groups.set(signature, { count: (group?.count ?? 0) + 1, operations: cut, difference });
      } else group.count += 1;
    }
  };
  await Promise.all(Array.from({ length: 6 }, work));
  for (const [signature, { count, operations, difference }] of [...groups].toSorted(
    ([, a], [, b]) => b.count - a.count,
  )) {
    const steps = operations.map((operation, index) => `  ${index} ${describeOperation(operation)}`);
    console.log(`${count} times: ${topic.name} ${signature}\n${steps.join('\n')}\n${describeDifference(difference)}\n`);
  }
  return groups.size;
}

/** Asks the cluster again for the answers to all sequences that are kept. */
async function record(cluster: Target): Promise<void> {
  const namespaces = createNamespaces(cluster);
  for (const [file, sequences] of readRecorded()) {
    const answered: Recorded[] = [];
    for (const { name, operations } of sequences) {
      const namespace = await namespaces.take();
      const { answers } = await runSequence(cluster, namespace, operations);
      await namespaces.giveBack(namespace);
      answered.push({ name, operations, answers });
    }
    writeRecorded(file, answered);
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      sequences: { type: 'string', default: '200' },
      checks: { type: 'string' },
      kind: { type: 'string', multiple: true, default: [] },
      length: { type: 'string', default: '8' },
      survey: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const kubeconfig = process.env['CONFORMANCE_KUBECONFIG'] ?? '';
  if (values.help === true || kubeconfig === '') {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const first = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  const topics = topicsOf(values.kind);
  const checks = values.checks === undefined ? topics.length : Number(values.checks);
  const pair = { cluster: await clusterTarget(kubeconfig), sandbox: await sandboxTarget() };
  const [remove] = await Promise.all([installWidgets(pair.cluster), installWidgets(pair.sandbox)]);
  let differing = 0;
  if (values.record) await record(pair.cluster);
  for (let number = 0; number < checks && !values.record; number += 1) {
    const topic = topics[number % topics.length] as Topic;
    const seed = first + number;
    if (values.survey) {
      differing += await survey(pair, topic, seed, Number(values.sequences), Number(values.length));
      continue;
    }
    const found = await check(pair, topic, seed, Number(values.sequences), Number(values.length));
    if (found !== undefined) differing += 1;
    console.log(`${topic.name} ${found ?? `seed ${seed}: ${values.sequences} sequences agree`}\n`);
  }
  await createNamespaces(pair.cluster).end();
  await remove();
  await Promise.all([pair.cluster.close(), pair.sandbox.close()]);
  return differing === 0 ? 0 : 1;
}

process.exitCode = await main();
