import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { kubectlPath } from '../cluster/kubectl.ts';

/** What a command said, and how it ended. */
export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs kubectl; `input` is its standard input. */
export type RunKubectl = (args: string[], input?: string) => Promise<CommandResult>;

/** The kubectl for tests: what KUBECTL names, that of the test cluster, or one in PATH. Undefined when there is none. */
export function findKubectl(): string | undefined {
  const named = process.env['KUBECTL'];
  if (named !== undefined && named !== '') return named;
  const inPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'kubectl'));
  return [kubectlPath, ...inPath].find((path) => existsSync(path));
}

/** A kubectl that talks to one server and keeps what it discovers to itself. */
export function createKubectl(program: string, kubeconfig: string): RunKubectl {
  const cache = mkdtempSync(join(tmpdir(), 'kubectl-cache-'));
  return (args, input) =>
    new Promise((resolve, reject) => {
      const words = ['--kubeconfig', kubeconfig, '--cache-dir', cache, ...args];
      const child = execFile(program, words, { timeout: 120_000 }, (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') return reject(error);
        resolve({ code: Number(error?.code ?? 0), stdout, stderr });
      });
      child.stdin?.end(input ?? '');
    });
}
