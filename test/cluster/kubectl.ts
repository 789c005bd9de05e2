import { join } from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { isInside } from './network.ts';
import { binDir, kubeconfigPath, netnsPath, type User } from './paths.ts';
import { type RunOptions, type RunResult, tryRun } from './run.ts';

export const kubectlPath = join(binDir, 'kubectl');

/** The command line that runs a program in the cluster's namespace, whether or not this process is in it. */
export function insideCommand(program: string, args: string[]): [string, string[]] {
  return isInside() ? [program, args] : ['nsenter', [`--net=${netnsPath}`, '--', program, ...args]];
}

export function tryKubectl(args: string[], options: RunOptions = {}, user: User = 'admin'): RunResult {
  return tryRun(...insideCommand(kubectlPath, ['--kubeconfig', kubeconfigPath(user), ...args]), options);
}

/** Runs kubectl and returns what it printed; throws ClusterError with kubectl's own words. */
export function kubectl(args: string[], options: RunOptions = {}, user: User = 'admin'): string {
  const result = tryKubectl(args, options, user);
  if (result.status === 0) return result.stdout;
  throw new ClusterError(`kubectl ${args.join(' ')}: ${result.stderr.trim()}`);
}

/** Applies objects server-side as `kubectl apply` does, all in one call. */
export function apply(objects: unknown[]): void {
  kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) });
}

/** True when a GET from inside the namespace is answered with a status below 300. */
export function answersHttp(url: string): boolean {
  const script = `fetch(${JSON.stringify(url)}).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`;
  return tryRun(...insideCommand(process.execPath, ['-e', script])).status === 0;
}
