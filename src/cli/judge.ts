import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { parse } from 'yaml';
import { parseSpec, toAnalysisSpec } from '../api/schema.ts';
import { answerLine, type LineAnswer } from '../judge/recording/answer.ts';
import type { AnalysisSpec } from '../judge/spec.ts';

export interface JudgeArgs {
  /** A CanaryRelease, or its analysis section alone, in YAML or JSON. */
  spec?: string;
  /** Standard input is gzip. */
  gzip?: boolean;
  /** A/A replay: each stable pod in turn plays the canary. */
  aa?: boolean;
}

export interface JudgeStreams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

const exit = { ok: 0, malformed: 1, usage: 64 };

const help = `Usage: tandem judge [--spec FILE] [--gzip] [--aa]

Reads recordings of releases on standard input, one JSON object a line, and writes one decision a line.

  --spec FILE  judge by this CanaryRelease, or by its analysis section alone; if absent by what the recording
               says was asked, else by the defaults
  --gzip       standard input is gzip
  --aa         let each stable pod in turn play the canary: how often the judge would be wrong on this service

Exit codes: 0 done; 1 a line was malformed; 64 wrong usage.
`;

/** `tandem judge` with its own arguments, on the streams of the process. */
export async function runJudgeCommand(argv: string[]): Promise<number> {
  const { stdin, stdout, stderr } = process;
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        spec: { type: 'string' },
        gzip: { type: 'boolean' },
        aa: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const { help: asksHelp, ...args } = values;
    if (asksHelp !== true) return await runJudge(args, { stdin, stdout, stderr });
    stdout.write(help);
    return exit.ok;
  } catch (error) {
    stderr.write(`error: ${messageOf(error)}\n\n${help}`);
    return exit.usage;
  }
}

/**
 * `tandem judge`: reads recordings, one JSON object a line, and writes one decision a line, in order, as they come.
 * Answers with the exit code: 0, 1 when a line was malformed or the input broke off, 64 for wrong usage.
 */
export async function runJudge(args: JudgeArgs, streams: JudgeStreams): Promise<number> {
  let spec: AnalysisSpec;
  try {
    spec = await readSpec(args.spec);
  } catch (error) {
    streams.stderr.write(`error: ${messageOf(error)}\n`);
    return exit.usage;
  }
  const asked = { spec, always: args.spec !== undefined, aa: args.aa === true };
  const counts = { lines: 0, malformed: 0, pods: 0, falseRollbacks: 0 };
  try {
    for await (const line of linesOf(streams.stdin, args.gzip === true)) {
      if (line.trim() === '') continue;
      const answer = answerLine(line, asked);
      tally(counts, answer);
      await write(streams.stdout, `${JSON.stringify(answer)}\n`);
    }
  } catch (error) {
    // A reader that has seen enough (`| head`) is no fault.
    if (isClosedPipe(error)) return counts.malformed > 0 ? exit.malformed : exit.ok;
    streams.stderr.write(`error: the input broke off after ${counts.lines} recordings: ${messageOf(error)}\n`);
    return exit.malformed;
  }
  if (args.aa === true) streams.stderr.write(summaryOf(counts));
  if (counts.malformed > 0) streams.stderr.write(`error: ${counts.malformed} of ${counts.lines} lines are malformed\n`);
  return counts.malformed > 0 ? exit.malformed : exit.ok;
}

interface Counts {
  lines: number;
  malformed: number;
  pods: number;
  falseRollbacks: number;
}

function tally(counts: Counts, answer: LineAnswer): void {
  counts.lines += 1;
  if ('error' in answer) counts.malformed += 1;
  if (!('falseRollbacks' in answer)) return;
  counts.pods += answer.pods.length;
  counts.falseRollbacks += answer.falseRollbacks;
}

function summaryOf({ pods, falseRollbacks }: Counts): string {
  const share = pods === 0 ? 0 : (100 * falseRollbacks) / pods;
  return `${falseRollbacks} of ${pods} healthy pods would have been taken back (${Number(share.toFixed(2))} %)\n`;
}

/** The spec that the file holds, or the defaults. Throws an Error that says what is wrong with the file. */
async function readSpec(file: string | undefined): Promise<AnalysisSpec> {
  const raw: unknown = file === undefined ? {} : parse(await readFile(file, 'utf8'));
  const where = file === undefined ? '' : `${file}: `;
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new Error(`${where}it holds no CanaryRelease and no analysis section; write one, in YAML or JSON`);
  }
  const result = parseSpec({ targetRef: { name: 'recorded' }, analysis: analysisIn(raw) });
  if ('spec' in result) return toAnalysisSpec(result.spec);
  throw new Error(`${where}${result.problems.map(({ path, message }) => `${path} ${message}`).join('; ')}`);
}

function analysisIn(raw: object): unknown {
  if ('spec' in raw) return typeof raw.spec === 'object' && raw.spec !== null ? analysisIn(raw.spec) : {};
  if ('analysis' in raw) return raw.analysis ?? {};
  return 'targetRef' in raw ? {} : raw;
}

/** Lines as they come; the input is read no faster than its lines are taken, so that memory stays flat. */
async function* linesOf(stdin: Readable, gzip: boolean): AsyncGenerator<string> {
  const text = gzip ? stdin.pipe(createGunzip()) : stdin;
  // A pipe does not hand errors on: without this the lines would wait for a source that is gone.
  if (text !== stdin) stdin.once('error', (error) => text.destroy(error));
  const decoder = new TextDecoder();
  let parts: string[] = [];
  for await (const chunk of text as AsyncIterable<Buffer | string>) {
    const pieces = (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })).split('\n');
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) {
        yield parts.join('');
        parts = [];
      }
      parts.push(piece);
    }
  }
  yield parts.join('') + decoder.decode();
}

async function write(stdout: Writable, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
