import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { baseFiles } from '../src/cli/install/base-files.ts';
import { objectsOf, render } from '../src/cli/install/render.ts';
import { version } from '../src/cli/version.ts';
import { bundle } from './build.ts';

it('the one file has the manifests in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-build-'));
  try {
    const program = join(folder, 'tandem.mjs');
    await bundle('src/main.ts', program);
    const printed = execFileSync(process.execPath, [program, 'install', '-o', 'yaml'], {
      cwd: folder,
      encoding: 'utf8',
    });

    expect(objectsOf(printed)).toEqual(render(baseFiles(), { namespace: 'tandem-system', version }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
