import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { build } from './build.ts';
import { ClusterError } from './cluster-error.ts';
import { type Component, startComponent } from './components.ts';
import { buildImages, type ImageName, imageNames } from './images.ts';
import { answersHttp, insideCommand, kubectlPath } from './kubectl.ts';
import { importImages } from './load-image.ts';
import { isInside } from './network.ts';
import { kubeconfigPath, netnsPath, prometheusUrl, stateDir } from './paths.ts';
import { requireRoot, which } from './preflight.ts';
import { isAlive, recordOf, stopRecorded } from './process.ts';
import { type RunOptions, type RunResult, tryRun, waitUntil } from './run.ts';
import { up } from './up.ts';

/** The cluster that the end-to-end suite runs against: the project's own, or the one that TEST_KUBECONFIG names. */
export interface TestCluster {
  /** False with TEST_KUBECONFIG: then nothing is started, built or loaded here. */
  isOwn: boolean;
  kubectl: string;
  kubeconfig: string;
  /** The user `alice`, who may do nothing until a test grants it. */
  aliceKubeconfig: string;
  /** As pods of the cluster reach it. With TEST_KUBECONFIG from TEST_PROMETHEUS_URL. */
  prometheusUrl: string;
}

/** Where kind.sh installs Prometheus. */
const prometheusDeployment = { namespace: 'monitoring', name: 'prometheus' };
const metricsDeployment = { namespace: 'kube-system', name: 'metrics-server' };

export function testCluster(env: NodeJS.ProcessEnv = process.env): TestCluster {
  const given = env['TEST_KUBECONFIG'];
  if (given === undefined || given === '') {
    const [kubeconfig, aliceKubeconfig] = [kubeconfigPath('admin'), kubeconfigPath('alice')];
    return { isOwn: true, kubectl: kubectlPath, kubeconfig, aliceKubeconfig, prometheusUrl };
  }
  const kubectlFound = which('kubectl');
  if (kubectlFound === undefined)
    throw new ClusterError('TEST_KUBECONFIG is set, but there is no kubectl in PATH: install it');
  return {
    isOwn: false,
    kubectl: kubectlFound,
    kubeconfig: given,
    aliceKubeconfig: impersonating(given, 'alice'),
    prometheusUrl:
      env['TEST_PROMETHEUS_URL'] ?? `http://${prometheusDeployment.name}.${prometheusDeployment.namespace}:9090`,
  };
}

/** A copy of a kubeconfig whose users act as `user`. */
function impersonating(kubeconfig: string, user: string): string {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as { users?: { user: Record<string, unknown> }[] };
  for (const entry of config.users ?? []) entry.user['as'] = user;
  const file = join(stateDir, `given-${user}.kubeconfig`);
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return file;
}

/** Brings the cluster up (compiling what is missing), or checks that the given one answers. */
export async function ensureUp(): Promise<TestCluster> {
  const cluster = testCluster();
  if (cluster.isOwn) {
    requireRoot();
    await build();
    await up();
    return cluster;
  }
  const answer = tryRun(cluster.kubectl, ['--kubeconfig', cluster.kubeconfig, 'get', '--raw', '/readyz']);
  if (answer.status !== 0)
    throw new ClusterError(
      `TEST_KUBECONFIG=${cluster.kubeconfig}: the cluster does not answer: ${answer.stderr.trim()}`,
    );
  return cluster;
}

/**
 * Makes sure that this script runs inside the cluster's network namespace: when it does not, it is started again there
 * with the same arguments, and this process ends with its exit code. Returns at once with TEST_KUBECONFIG.
 */
export async function insideNamespace(): Promise<void> {
  if (!testCluster().isOwn || isInside()) return;
  const args = [`--net=${netnsPath}`, '--', process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('nsenter', args, { stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
  process.on('SIGTERM', forward).on('SIGINT', forward);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('exit', (status, signal) => resolve(status ?? (signal === null ? 1 : 130)));
  });
  process.exit(code);
}

/** Runs kubectl against the test cluster and gives what it said, whatever its exit code. */
export function tryKubectl(args: string[], options: RunOptions & { as?: 'alice' } = {}): RunResult {
  const cluster = testCluster();
  const kubeconfig = options.as === 'alice' ? cluster.aliceKubeconfig : cluster.kubeconfig;
  const words = ['--kubeconfig', kubeconfig, ...args];
  return cluster.isOwn
    ? tryRun(...insideCommand(cluster.kubectl, words), options)
    : tryRun(cluster.kubectl, words, options);
}

/** Runs kubectl against the test cluster; throws ClusterError with its words when it fails. */
export function kubectl(args: string[], options: RunOptions & { as?: 'alice' } = {}): string {
  const result = tryKubectl(args, options);
  if (result.status === 0) return result.stdout;
  throw new ClusterError(`kubectl ${args.join(' ')}: ${result.stderr.trim()}`);
}

/** Builds the images from the working tree and imports them. With TEST_KUBECONFIG they are expected to be there. */
export async function loadImages(names: readonly ImageName[] = imageNames): Promise<void> {
  if (testCluster().isOwn) importImages(await buildImages(names));
}

function scaleDeployment({ namespace, name }: { namespace: string; name: string }, replicas: number): void {
  kubectl(['-n', namespace, 'scale', 'deployment', name, `--replicas=${replicas}`]);
  kubectl(['-n', namespace, 'rollout', 'status', 'deployment', name, '--timeout=120s']);
}

async function stopComponent(name: Component, deployment: { namespace: string; name: string }): Promise<void> {
  if (!testCluster().isOwn) return scaleDeployment(deployment, 0);
  const entry = recordOf(name);
  if (entry) await stopRecorded(entry, 'SIGTERM', 10_000);
}

async function startAgain(name: Component, deployment: { namespace: string; name: string }): Promise<void> {
  if (!testCluster().isOwn) return scaleDeployment(deployment, 1);
  const entry = recordOf(name);
  if (!entry || !isAlive(entry)) await startComponent(name);
}

/** Ends Prometheus; what it has stored stays. */
export function stopPrometheus(): Promise<void> {
  return stopComponent('prometheus', prometheusDeployment);
}

/** Starts Prometheus again; resolves when it answers. */
export async function startPrometheus(): Promise<void> {
  await startAgain('prometheus', prometheusDeployment);
  if (testCluster().isOwn) await waitUntil('Prometheus answers', () => answersHttp(`${prometheusUrl}/-/ready`), 60);
}

/** Ends metrics-server; it keeps nothing. */
export function stopMetricsServer(): Promise<void> {
  return stopComponent('metrics-server', metricsDeployment);
}

/** Starts metrics-server again; resolves when metrics.k8s.io has figures of nodes, after two of its rounds. */
export async function startMetricsServer(): Promise<void> {
  await startAgain('metrics-server', metricsDeployment);
  const path = '/apis/metrics.k8s.io/v1beta1/nodes';
  await waitUntil('metrics.k8s.io answers', () => tryKubectl(['get', '--raw', path]).stdout.includes('"usage"'), 120);
}
