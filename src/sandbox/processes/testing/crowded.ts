// Opens files until there may be no more, then starts a program and says how that went.
import { openSync } from 'node:fs';
import { createGuardian } from '../guardian.ts';
import { startProcess } from '../process.ts';

const guardian = await createGuardian();

function fill(): void {
  for (;;) openSync('/dev/null', 'r');
}

try {
  fill();
} catch {
  startProcess({
    program: { file: '/dev/null' },
    args: [],
    env: {},
    guardian,
    output: () => undefined,
    exited: ({ problem }) => process.stdout.write(`ended: ${problem}\n`, () => process.exit(0)),
  });
}
