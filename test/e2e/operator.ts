import { readdirSync, readFileSync } from 'node:fs';
import { type KubeObject, type Pod, resources } from '../../src/kube/object.ts';
import { testCluster } from '../cluster/environment.ts';
import { type CommandResult, runKubectl, runProgram, type Stage } from './stage.ts';

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

/** Addresses of the operator's pods. */
export async function operatorAddresses(): Promise<string[]> {
  const path = 'jsonpath={.items[*].status.podIP}';
  const { stdout } = await must(['-n', namespace, 'get', 'pods', '-l', selector, '-o', path]);
  return stdout.split(' ').filter((address) => address !== '');
}

/** Restarts of all containers of the operator. */
export async function operatorRestarts(): Promise<number> {
  const path = 'jsonpath={.items[*].status.containerStatuses[*].restartCount}';
  const { stdout } = await must(['-n', namespace, 'get', 'pods', '-l', selector, '-o', path]);
  return stdout.split(' ').reduce((sum, one) => sum + Number(one), 0);
}

/**
 * What these addresses send to the metrics of the pods gets no answer, not even a refusal. The test cluster's network
 * knows no NetworkPolicy, so the packets are dropped in the pods' own namespaces, as an agent on the node would; on
 * another cluster a NetworkPolicy lets in everybody but these addresses.
 */
export async function dropFrom(stage: Stage, pods: string[], addresses: string[]): Promise<void> {
  if (!testCluster().isOwn) return stage.apply(everybodyBut(stage.namespace, addresses));
  for (const pod of pods) {
    const { stdout } = await stage.kubectl(['get', 'pod', pod, '-o', 'jsonpath={.metadata.uid}']);
    const [pid] = processesOf(stdout);
    if (pid === undefined) throw new Error(`no process of pod ${pod} was found on this machine`);
    for (const address of addresses) {
      const rule = ['-I', 'INPUT', '-p', 'tcp', '-s', address, '--dport', '8080', '-j', 'DROP'];
      const dropped = await runProgram('nsenter', ['-t', String(pid), '-n', 'iptables', ...rule]);
      if (dropped.code !== 0) throw new Error(`iptables ${rule.join(' ')}: ${dropped.stderr.trim()}`);
    }
  }
}

function everybodyBut(shop: string, addresses: string[]): object {
  const except = addresses.map((address) => `${address}/32`);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'not-the-operator', namespace: shop },
    spec: {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0', except } }] }],
    },
  };
}

/** How a pod of the operator ended, and when another one led. */
export interface Stopped {
  exitCode: number;
  /** From the request to the end of the container, and to the next leader's lease. */
  secondsToExit: number;
  secondsToLeader: number;
}

interface Lease extends KubeObject {
  spec?: { holderIdentity?: string };
}

/** Keeps an ended pod's object until its exit code was read. */
const finalizer = 'e2e.tandem.dev/look';

/** Ends the leader as a drain of its node does (SIGTERM, then its grace), and looks at what follows. */
export async function stopLeader(stage: Stage): Promise<Stopped> {
  const first = await leader();
  await keepObject(first.pod, [finalizer]);
  const began = Date.now();
  const since = (): number => Math.round((Date.now() - began) / 100) / 10;
  try {
    await must(['-n', namespace, 'delete', 'pod', first.pod, '--wait=false']);
    const [ended, secondsToLeader] = await Promise.all([
      followEnd(stage, first.pod, since),
      followLease(stage, first.identity, since),
    ]);
    return { ...ended, secondsToLeader };
  } finally {
    await keepObject(first.pod, []);
  }
}

async function keepObject(pod: string, finalizers: string[]): Promise<void> {
  const patch = JSON.stringify({ metadata: { finalizers } });
  await must(['-n', namespace, 'patch', 'pod', pod, '--type=merge', '-p', patch]);
}

async function followEnd(stage: Stage, name: string, since: () => number): Promise<Omit<Stopped, 'secondsToLeader'>> {
  let ended: Omit<Stopped, 'secondsToLeader'> | undefined;
  await stage.waitFor(
    `the end of ${name}`,
    async () => {
      const pod = await stage.api.get<Pod>(resources.pods, { namespace, name });
      const exitCode = pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
      if (exitCode !== undefined) ended = { exitCode, secondsToExit: since() };
      return ended !== undefined;
    },
    60,
  );
  if (ended === undefined) throw new Error(`${name} did not end`);
  return ended;
}

async function followLease(stage: Stage, before: string, since: () => number): Promise<number> {
  await stage.waitFor('another leader', async () => {
    const { holderIdentity = '' } =
      (await stage.api.get<Lease>(resources.leases, { namespace, name: 'tandem' })).spec ?? {};
    return holderIdentity !== '' && holderIdentity !== before;
  });
  return since();
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
