import { readdirSync, readFileSync } from 'node:fs';
import { testCluster } from '../cluster/environment.ts';
import { type CommandResult, runKubectl } from './stage.ts';

const namespace = 'tandem-system';
const selector = 'app.kubernetes.io/name=tandem';

/** Installs the operator from the manifests and waits until its replicas are ready and one leads. */
export async function installOperator(say: (text: string) => void): Promise<void> {
  say('installing the operator from deploy/kustomize');
  await must(['apply', '--server-side', '--force-conflicts', '-k', 'deploy/kustomize/overlays/test']);
  // The image keeps its tag: pods of an earlier run would go on with the earlier program.
  await must(['-n', namespace, 'rollout', 'restart', 'deployment/tandem']);
  await must(['-n', namespace, 'rollout', 'status', 'deployment/tandem', '--timeout=120s']);
  say('the operator is ready');
}

async function must(args: string[]): Promise<CommandResult> {
  const result = await runKubectl(args);
  if (result.code !== 0)
    throw new Error(`kubectl ${args.join(' ')} ended with ${result.code}: ${result.stderr.trim()}`);
  return result;
}

/** Names of the operator's pods. */
export async function operatorPods(): Promise<string[]> {
  const { stdout } = await must([
    '-n',
    namespace,
    'get',
    'pods',
    '-l',
    selector,
    '-o',
    'jsonpath={.items[*].metadata.name}',
  ]);
  return stdout.split(' ').filter((name) => name !== '');
}

/** Who holds the lease: the pod's name and a part that is new with every start. */
export async function leader(): Promise<{ identity: string; pod: string }> {
  const { stdout } = await must(['-n', namespace, 'get', 'lease', 'tandem', '-o', 'jsonpath={.spec.holderIdentity}']);
  const pods = await operatorPods();
  return { identity: stdout, pod: pods.find((name) => stdout.startsWith(name)) ?? '' };
}

/** Ends all replicas, or starts them again. */
export async function scaleOperator(replicas: number): Promise<void> {
  await must(['-n', namespace, 'scale', 'deployment/tandem', `--replicas=${replicas}`]);
  if (replicas > 0) await must(['-n', namespace, 'rollout', 'status', 'deployment/tandem', '--timeout=120s']);
  else await must(['-n', namespace, 'wait', '--for=delete', 'pod', '-l', selector, '--timeout=60s']);
}

/**
 * SIGKILL to the operator's process, as the kernel does when memory runs out: no clean-up, the lease is not given back.
 * On a cluster whose processes are not of this machine the pod is deleted without grace instead.
 */
export async function killOperator(pod: string): Promise<void> {
  if (!testCluster().isOwn) {
    await must(['-n', namespace, 'delete', 'pod', pod, '--grace-period=0', '--force']);
    return;
  }
  const { stdout } = await must(['-n', namespace, 'get', 'pod', pod, '-o', 'jsonpath={.metadata.uid}']);
  const found = processesOf(stdout).filter((pid) => readProcess(pid, 'cmdline').includes('tandem.mjs'));
  if (found.length === 0) throw new Error(`no process of pod ${pod} (${stdout}) was found on this machine`);
  for (const pid of found) process.kill(pid, 'SIGKILL');
}

/** Processes whose control group names the pod. */
function processesOf(podUid: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => readProcess(pid, 'cgroup').includes(`pod${podUid}`));
}

/** Empty when the process has ended meanwhile. */
function readProcess(pid: number, file: 'cgroup' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Memory of each replica as the kubelet measures it. */
export async function operatorMemory(): Promise<string> {
  const { stdout, code } = await runKubectl(['-n', namespace, 'top', 'pods', '-l', selector, '--no-headers']);
  if (code !== 0) return 'not known';
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/))
    .map(([name = '', , memory = '']) => `${name} ${memory}`)
    .join(', ');
}
