import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { transform } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };

const script = resolve(import.meta.dirname, 'preflight.cjs');
const folder = mkdtempSync(join(tmpdir(), 'tandem-preflight-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(file: string, args: string[] = []) {
  const env = { ...process.env, npm_lifecycle_event: 'demo' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, file], { env, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

function pretend(version: string): string[] {
  const stub = join(folder, `${version}.cjs`);
  const versions = `{ ...process.versions, node: '${version}' }`;
  writeFileSync(stub, `Object.defineProperty(process, 'versions', { value: ${versions} });`);
  return ['--require', stub];
}

describe('before the demo', () => {
  it.each(['0.12.18', '12.22.12', '18.20.8', '20.18.3'])('Node %s is told what is needed, in one line', (version) => {
    const answer = { status: 1, text: `demo: Node 20.19 or newer is needed, this is ${version}\n` };
    expect(run(script, pretend(version))).toEqual(answer);
  });

  it.each(['20.19.0', '22.0.0', '100.1.0'])('Node %s is let through', (version) => {
    expect(run(script, pretend(version))).toEqual({ status: 0, text: '' });
  });

  it('somebody who forgot npm ci is told, in one line', () => {
    mkdirSync(join(folder, 'scripts'));
    copyFileSync(script, join(folder, 'scripts/preflight.cjs'));
    const answer = { status: 1, text: 'demo: the packages it needs are not installed: run "npm ci" first\n' };
    expect(run(join(folder, 'scripts/preflight.cjs'))).toEqual(answer);
  });

  it('the check is in words that an old Node can parse, and comes before options that it does not have', async () => {
    const source = readFileSync(script, 'utf8');
    const [old, now] = await Promise.all(
      ['es2015', 'esnext'].map(async (target) => (await transform(source, { target })).code),
    );
    expect(old).toBe(now);
    for (const command of [packageJson.scripts.demo, packageJson.scripts.sandbox]) {
      expect(command).toMatch(/^node scripts\/preflight\.cjs && exec node /);
    }
  });
});
