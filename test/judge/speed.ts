import { Readable, Writable } from 'node:stream';
import { runJudge } from '../../src/cli/judge.ts';
import { recordingLine } from './recording.ts';
import { simulate } from './simulate.ts';

/** Different recordings; more lines than these repeat them, so that what is measured is not the simulation. */
const DISTINCT = 20;

export interface JudgeSpeed {
  lines: number;
  bytesPerLine: number;
  /** Recordings judged in a CPU second of the process, parsing and answering included. */
  perSecond: number;
  /** Bytes on the heap after so many lines, unreachable ones collected (run with --expose-gc). */
  heaps: { line: number; bytes: number }[];
}

/** `tandem judge` on recordings of 30 minutes with 4 pods. */
export async function measureJudge(lines: number, scrapeSeconds: number): Promise<JudgeSpeed> {
  const recordings = Array.from({ length: Math.min(DISTINCT, lines) }, (_, seed) =>
    recordingLine(`${seed}`, simulate({ name: 'speed', rate: 100, scrapeSeconds, podSpread: 0.05 }, seed + 1)),
  );
  const marks = new Set([0.1, 0.25, 0.5, 0.75, 1].map((share) => Math.ceil(share * lines)));
  const heaps: JudgeSpeed['heaps'] = [];
  function* feed(): Generator<Buffer> {
    for (let line = 0; line < lines; line += 1) yield Buffer.from(`${recordings[line % recordings.length]}\n`);
  }
  let answered = 0;
  const stdout = new Writable({
    write: (_chunk, _encoding, done) => {
      answered += 1;
      if (marks.has(answered)) {
        globalThis.gc?.();
        heaps.push({ line: answered, bytes: process.memoryUsage().heapUsed });
      }
      done();
    },
  });
  const before = process.cpuUsage();
  const exit = await runJudge({}, { stdin: Readable.from(feed()), stdout, stderr: process.stderr });
  const { user, system } = process.cpuUsage(before);
  if (exit !== 0 || answered !== lines) throw new Error(`tandem judge answered ${answered} of ${lines}, exit ${exit}`);
  const bytesPerLine = recordings.reduce((sum, { length }) => sum + length, 0) / recordings.length;
  return { lines, bytesPerLine, perSecond: lines / ((user + system) / 1e6), heaps };
}
