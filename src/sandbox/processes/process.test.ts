import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it('a program that cannot be started for want of files has ended, and takes nobody with it', async () => {
  const script = new URL('testing/crowded.ts', import.meta.url).pathname;
  const words = ['ulimit -n 100 && exec "$0" --import tsx "$1"', process.execPath, script];
  const { stdout } = await run('sh', ['-c', ...words]);
  expect(stdout.replace(process.execPath, 'NODE')).toBe('ended: spawn NODE EMFILE\n');
});
