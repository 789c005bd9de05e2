#!/usr/bin/env node
import { basename } from 'node:path';
import type { ClusterOptions } from './cli/io.ts';
import { type ForeignCommand, runCli } from './cli/program.ts';
import { wantsColor } from './cli/style.ts';
import { systemClock } from './lib/clock.ts';

/** Loaded only when called: the operator's parts cost memory, a quick command has no use for them. */
const foreign: ForeignCommand[] = [
  {
    name: 'operator',
    description: 'run the controller (tandem operator --help)',
    load: async () => (await import('./operator/run.ts')).runOperator,
  },
  {
    name: 'judge',
    description: 'judge recordings of releases (tandem judge --help)',
    load: async () => (await import('./cli/judge.ts')).runJudgeCommand,
  },
];

/** A reader that went away (`tandem list | head -1`) is no failure. */
function endQuietlyOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

process.stdout.on('error', endQuietlyOnBrokenPipe);
process.exitCode = await runCli(
  process.argv.slice(2),
  {
    program: basename(process.argv[1] ?? '').startsWith('kubectl-tandem') ? 'kubectl tandem' : 'tandem',
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    color: wantsColor({ isTty: process.stdout.isTTY === true, env: process.env }),
    clock: systemClock,
    interrupted: () => {
      const controller = new AbortController();
      process.once('SIGINT', () => controller.abort());
      return controller.signal;
    },
    connect: async (options: ClusterOptions) => (await import('./cli/connect.ts')).connect(options),
  },
  foreign,
);
