import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';

const script = resolve(import.meta.dirname, '../demo.ts');

function startDemo(args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args]);
  const state = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      state.text += chunk;
    });
  }
  const exited = once(child, 'close').then(([code]) => code as number);
  return { child, state, exited };
}

/** Processes that this run of the demo has started and that are there still. */
function leftBehind(pid: number | undefined): string[] {
  // Told twice to be wide: the ps of macOS cuts its lines otherwise.
  const all = execFileSync('ps', ['-wwe', '-o', 'pid=', '-o', 'args='], { encoding: 'utf8' });
  return all.split('\n').filter((line) => line.includes(`demo-${pid}/`));
}

it('releases a version on real processes, stays to be looked at, and leaves nothing behind', {
  timeout: 180_000,
}, async () => {
  const { child, state, exited } = startDemo(['--quick', '--only', 'leak', '--stay']);
  while (!state.text.includes('End it with Ctrl-C')) {
    if (child.exitCode !== null) throw new Error(state.text);
    await setTimeout(50);
  }
  expect(state.text).toContain('leak: RolledBack: container shop of pod leak-canary-');
  expect(state.text).toMatch(/leak +v2-leak +leaks .* RolledBack +OOMKilled +\d+ s/);
  expect(state.text).toContain('Every verdict was right.');
  expect(state.text).not.toContain('\u001b');
  // Three pods and the operator; the canary may take a moment to end.
  while (leftBehind(child.pid).length > 4) await setTimeout(50);
  expect(leftBehind(child.pid).length).toBe(4);
  child.kill('SIGINT');
  expect(await exited).toBe(0);
  expect(leftBehind(child.pid)).toEqual([]);
});

it('leaves nothing behind when it is killed, the operator not either', { timeout: 60_000 }, async () => {
  const { child, state, exited } = startDemo(['--quick', '--only', 'leak']);
  while (!state.text.includes('load: ')) {
    if (child.exitCode !== null) throw new Error(state.text);
    await setTimeout(50);
  }
  expect(leftBehind(child.pid).length).toBe(4);
  child.kill('SIGKILL');
  await exited;
  while (leftBehind(child.pid).length > 0) await setTimeout(50);
});

it('ends without a word more when nobody reads it', { timeout: 60_000 }, async () => {
  const { child, state, exited } = startDemo(['--quick', '--only', 'leak']);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  expect(await exited).toBe(141);
  expect(state.text).not.toContain('Error');
  expect(leftBehind(child.pid)).toEqual([]);
});

it('says in one line what a person can mend', async () => {
  const unknown = startDemo(['--only', 'slow']);
  expect(await unknown.exited).toBe(1);
  expect(unknown.state.text).toBe(
    'demo: --only slow: there is no such version; write one of good, bad-latency, new-errors, leak\n',
  );
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const taken = startDemo(['--only', 'leak', '--port', String(port)]);
  expect(await taken.exited).toBe(1);
  expect(taken.state.text).toMatch(
    new RegExp(`\\ndemo: port ${port} of 127.0.0.1 is taken by another program: [^\\n]+\\n$`),
  );
  expect(leftBehind(taken.child.pid)).toEqual([]);
  server.close();
});
