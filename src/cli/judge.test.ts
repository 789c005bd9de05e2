import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { recordingLine } from '../../test/judge/recording.ts';
import { simulate } from '../../test/judge/simulate.ts';
import { type JudgeArgs, runJudge } from './judge.ts';

const healthy = recordingLine('healthy', simulate({ name: 'healthy', rate: 100 }, 1));
const failing = recordingLine('failing', simulate({ name: 'failing', rate: 100, harm: { errorsAdded: 0.1 } }, 2));

async function judge(
  input: string | Buffer,
  args: JudgeArgs = {},
): Promise<{ code: number; lines: Record<string, unknown>[]; stderr: string }> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const out = stdout.toArray();
  const err = stderr.toArray();
  const code = await runJudge(args, { stdin: Readable.from([Buffer.from(input)]), stdout, stderr });
  stdout.end();
  stderr.end();
  const text = Buffer.concat(await out).toString();
  return {
    code,
    lines: text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
    stderr: Buffer.concat(await err).toString(),
  };
}

describe('tandem judge', () => {
  test('one decision a line, in order', async () => {
    const { code, lines } = await judge(`${healthy}\n${failing}\n`);
    expect(code).toBe(0);
    expect(lines).toMatchObject([
      { id: 'healthy', verdict: 'Pass', rollback: null, promote: 900, reason: null },
      { id: 'failing', verdict: 'Regression', promote: null, reason: 'errors' },
    ]);
    expect(lines.map((line) => Object.keys(line))).toEqual([
      ['id', 'verdict', 'rollback', 'promote', 'reason', 'metrics'],
      ['id', 'verdict', 'rollback', 'promote', 'reason', 'metrics'],
    ]);
    expect(lines[1]?.['rollback']).toBeLessThanOrEqual(60);
  });
  test('a malformed line is answered, and the others too', async () => {
    const { code, lines, stderr } = await judge(`{"id": "odd"}\n\n${healthy}`);
    expect(code).toBe(1);
    expect(lines).toMatchObject([
      { id: 'odd', error: expect.stringContaining('scrape_s: it is missing') },
      { id: 'healthy' },
    ]);
    expect(stderr).toContain('1 of 2 lines are malformed');
  });
  test('gzip', async () => {
    const plain = await judge(`${healthy}\n`);
    expect(await judge(gzipSync(`${healthy}\n`), { gzip: true })).toEqual(plain);
  });
  test('input that is no gzip, or ends in the middle, is said', async () => {
    const { code, stderr } = await judge(healthy, { gzip: true });
    expect(code).toBe(1);
    expect(stderr).toContain('the input broke off after 0 recordings');
    const half = gzipSync(healthy);
    expect((await judge(half.subarray(0, half.length / 2), { gzip: true })).code).toBe(1);
  });
  test('characters that are cut between two chunks stay whole', async () => {
    const bytes = Buffer.from('{"id": "ü"}');
    const stdout = new PassThrough();
    const out = stdout.toArray();
    const stdin = Readable.from([bytes.subarray(0, 9), bytes.subarray(9)]);
    await runJudge({}, { stdin, stdout, stderr: new PassThrough().resume() });
    stdout.end();
    expect(Buffer.concat(await out).toString()).toContain('"id":"ü"');
  });
  test('a spec changes the judgement', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-judge-'));
    try {
      const file = join(folder, 'release.yaml');
      await writeFile(file, 'kind: CanaryRelease\nspec:\n  targetRef: {name: a}\n  analysis: {minDuration: 20m}\n');
      expect((await judge(healthy, { spec: file })).lines).toMatchObject([{ promote: 1200 }]);
      await writeFile(file, 'minDuration: 25m\n');
      expect((await judge(healthy, { spec: file })).lines).toMatchObject([{ promote: 1500 }]);
      await writeFile(file, 'analysis: {minDuration: soon}\n');
      const refused = await judge(healthy, { spec: file });
      expect(refused).toMatchObject({ code: 64, lines: [] });
      expect(refused.stderr).toContain('spec.analysis.minDuration');
      expect((await judge(healthy, { spec: join(folder, 'none.yaml') })).code).toBe(64);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
  test('A/A replay lets each stable pod play the canary', async () => {
    const { code, lines, stderr } = await judge(`${failing}\n`, { aa: true });
    expect(code).toBe(0);
    expect(lines).toMatchObject([
      { id: 'failing', falseRollbacks: 0, pods: [{ pod: 'stable-0' }, { pod: 'stable-1' }, { pod: 'stable-2' }] },
    ]);
    expect(stderr).toBe('0 of 3 healthy pods would have been taken back (0 %)\n');
  });
  test('reads no faster than its answers are taken', async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        read += 1;
        yield Buffer.from('{"id": "x"}\n');
      }
    }
    let taken = 0;
    const stdout = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        taken += 1;
        if (taken === 50) return done(Object.assign(new Error('closed'), { code: 'EPIPE' }));
        setImmediate(done);
      },
    });
    stdout.on('error', () => undefined);
    await runJudge({}, { stdin: Readable.from(endless()), stdout, stderr: new PassThrough().resume() });
    expect(taken).toBe(50);
    expect(read).toBeLessThan(50 + 40);
  });
});
