import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { baseFiles } from '../src/cli/install/base-files.ts';
import { objectsOf, render } from '../src/cli/install/render.ts';
import { version } from '../src/cli/version.ts';
import { bundle } from './build.ts';

let folder: string;
let program: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-build-'));
  program = join(folder, 'tandem.mjs');
  await bundle('src/main.ts', program);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is small: no models of client-node, no other languages, and one byte a character in memory', () => {
  const text = readFileSync(program, 'utf8');

  expect(text.length).toBeLessThan(3_300_000);
  // One character beyond Latin makes all of them take two bytes: in a tagged template it has to be written as \u2013.
  expect(text.match(/.{0,40}[\u0100-\uffff].{0,40}/g)).toBeNull();
});

it('the one file has the manifests in it', () => {
  const printed = execFileSync(process.execPath, [program, 'install', '-o', 'yaml'], {
    cwd: folder,
    encoding: 'utf8',
  });

  expect(objectsOf(printed)).toEqual(render(baseFiles(), { namespace: 'tandem-system', version }));
});
