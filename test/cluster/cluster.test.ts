import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { goModules, stampOf } from './build.ts';
import { withLock } from './lock.ts';
import { atLeast, goVersionOf } from './preflight.ts';
import { bootId, isAlive, startTicks } from './process.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-cluster-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['1.26.8', '1.26.6', true],
  ['1.26.6', '1.26.6', true],
  ['1.27', '1.26.6', true],
  ['1.25.9', '1.26', false],
  ['1.26.0-rc1', '1.26.6', false],
  ['', '1.26', false],
])('Go %s is enough for %s: %s', (have, want, enough) => {
  expect(atLeast(have, want)).toBe(enough);
});

test('the version that a go.mod asks for', () => {
  const file = join(folder, 'go.mod');
  writeFileSync(file, 'module m\n\ngo 1.26.4\n');
  expect(goVersionOf(file)).toBe('1.26.4');
});

test('a stamp changes with go.sum and with the flags', () => {
  const [module] = goModules;
  if (module === undefined) throw new Error('there are Go modules');
  const stamp = stampOf(module, () => 'text');
  expect(stampOf(module, (file) => (file.endsWith('go.sum') ? 'other' : 'text'))).not.toBe(stamp);
  expect(stampOf({ ...module, flags: ['-race'] }, () => 'text')).not.toBe(stamp);
  expect(stampOf(module, () => 'text')).toBe(stamp);
});

test('a recorded process counts as alive only with its program and its start time', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const entry = { name: 'test', pid, program: process.execPath, startTicks: startTicks(pid) ?? '', boot: bootId() };
  await expect.poll(() => isAlive(entry)).toBe(true);
  expect(isAlive({ ...entry, startTicks: '1' })).toBe(false);
  expect(isAlive({ ...entry, program: '/bin/other' })).toBe(false);
  expect(isAlive({ ...entry, boot: 'another' })).toBe(false);
  child.kill('SIGKILL');
  await expect.poll(() => isAlive(entry)).toBe(false);
});

test('a lock is refused while its holder lives, and says who that is', async () => {
  const file = join(folder, 'lock');
  await withLock(file, 'up', 0, async () => {
    await expect(withLock(file, 'down', 0, async () => undefined)).rejects.toThrow(
      `"cluster up" is running as pid ${process.pid}`,
    );
  });
  await expect(withLock(file, 'down', 0, async () => 'free again')).resolves.toBe('free again');
});

test('a program that was started over a link counts as alive', async () => {
  const program = join(folder, 'node');
  symlinkSync(process.execPath, program);
  const child = spawn(program, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const entry = { name: 'test', pid, program, startTicks: startTicks(pid) ?? '', boot: bootId() };
  await expect.poll(() => isAlive(entry)).toBe(true);
  child.kill('SIGKILL');
});

test('the lock of a killed process is taken over', async () => {
  const file = join(folder, 'stale-lock');
  writeFileSync(file, JSON.stringify({ pid: process.pid, startTicks: '1', boot: bootId(), what: 'up' }));
  await expect(withLock(file, 'down', 0, async () => 'mine')).resolves.toBe('mine');
});
