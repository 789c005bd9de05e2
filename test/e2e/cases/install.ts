import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../src/kube/object.ts';
import { build, helmModule } from '../../cluster/build.ts';
import { testCluster } from '../../cluster/environment.ts';
import { insideCommand } from '../../cluster/kubectl.ts';
import { binDir } from '../../cluster/paths.ts';
import type { Case } from '../case.ts';
import { installOperator, leader } from '../operator.ts';
import { type CommandResult, runKubectl, runProgram, type Stage } from '../stage.ts';

/** The Helm chart and `tandem install`: the same objects as the manifests, and a whole life of each on the cluster. */

const chart = 'deploy/helm/tandem';
const system = 'tandem-system';

async function helm(args: string[], allowFailure = false): Promise<CommandResult> {
  const cluster = testCluster();
  const own = join(binDir, 'helm');
  const program = existsSync(own) ? own : 'helm';
  const words = [...args, '--kubeconfig', cluster.kubeconfig];
  const [command, all] = cluster.isOwn ? insideCommand(program, words) : [program, words];
  const result = await runProgram(command, all, undefined, { ...process.env, HELM_DRIVER: 'secret' });
  if (result.code !== 0 && !allowFailure)
    throw new Error(`helm ${args.join(' ')} ended with ${result.code}: ${result.stderr.trim()}`);
  return result;
}

function objectsOf(text: string, change: (object: KubeObject) => KubeObject = normal): Map<string, KubeObject> {
  const objects = parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null)
    .map(change);
  return new Map(objects.map((object) => [`${object.kind}/${object.metadata.name}`, object]));
}

/** Without what must differ: who manages an object, and how a change of the configuration rolls the pods. */
function normal(object: KubeObject): KubeObject {
  const { labels = {}, annotations = {}, ...metadata } = object.metadata;
  const kept = Object.entries(labels).filter(([key]) => !/^(helm\.sh|app\.kubernetes\.io)\//.test(key));
  const text = JSON.stringify({ ...object, metadata: { ...metadata, labels: Object.fromEntries(kept) }, annotations });
  const same = JSON.parse(
    text
      .replace(/"checksum\/config":"[0-9a-f]+",?/, '')
      .replaceAll(/tandem-config-[a-z0-9]{10}/g, 'tandem-config')
      .replaceAll(/"helm\.sh\/resource-policy":"keep"/g, '')
      // How a long expression is broken into lines is the writer's.
      .replaceAll(/(\\n|\s)+/g, ' '),
  ) as KubeObject;
  // An object of a cluster-wide kind has no namespace; kustomize writes one on kinds that it does not know.
  return same;
}

function configOf(text: string): unknown {
  const found = [...objectsOf(text, (object) => object).values()].find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('tandem-config'),
  );
  const data = found?.['data'] as { 'config.yaml': string } | undefined;
  return parseAllDocuments(data?.['config.yaml'] ?? '')[0]?.toJS();
}

/** Default values render what deploy/kustomize/base renders; only the namespace is left to `helm --create-namespace`. */
async function sameObjects(): Promise<void> {
  await sameRendering('deploy/kustomize/base', []);
  await sameRendering('deploy/kustomize/overlays/dashboard', ['--set', 'dashboard.enabled=true']);
}

async function sameRendering(folder: string, values: string[]): Promise<void> {
  const image = ['--set', 'image.repository=tandem', '--set', 'image.tag=dev'];
  const rendered = (await helm(['template', 'tandem', chart, '-n', system, ...image, ...values])).stdout;
  const built = (await must(runKubectl(['kustomize', folder]))).stdout;
  assert.deepEqual(configOf(rendered), configOf(built), 'the configuration');
  const [fromHelm, fromKustomize] = [objectsOf(rendered), objectsOf(built)];
  fromKustomize.delete(`Namespace/${system}`);
  for (const objects of [fromHelm, fromKustomize]) objects.delete('ConfigMap/tandem-config');
  assert.deepEqual([...fromHelm.keys()].toSorted(), [...fromKustomize.keys()].toSorted(), 'the objects');
  for (const [key, object] of fromHelm) assert.deepEqual(object, fromKustomize.get(key), key);
}

async function must(running: Promise<CommandResult>): Promise<CommandResult> {
  const result = await running;
  assert.equal(result.code, 0, result.stderr);
  return result;
}

/** The API server itself takes what the chart renders with its options switched on. */
async function acceptedByTheServer(): Promise<void> {
  const options = [
    '--set',
    'networkPolicy.enabled=true,watchNamespace=default,priorityClassName=system-cluster-critical',
  ];
  const rendered = await helm(['template', 'tandem', chart, '-n', system, ...options]);
  const older = await helm(['template', 'tandem', chart, '-n', system, '--set', 'gatePolicies=false']);
  assert.deepEqual([...objectsOf(older.stdout).keys()].toSorted(), await withoutGatePolicies(), 'before 1.36');
  const binding = objectsOf(rendered.stdout).get('RoleBinding/tandem-operator');
  assert.equal(binding?.metadata.namespace, 'default', 'the rights end at the namespace');
  await must(
    runKubectl(['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', '-'], rendered.stdout),
  );
}

/** What the overlay for older clusters makes, without what only one of the two has. */
async function withoutGatePolicies(): Promise<string[]> {
  const built = await must(runKubectl(['kustomize', 'deploy/kustomize/overlays/gate-paused']));
  const keys = [...objectsOf(built.stdout).keys()].filter((key) => key !== `Namespace/${system}`);
  return keys.toSorted();
}

async function refusals(): Promise<void> {
  const refused = async (set: string, words: RegExp): Promise<void> => {
    const { code, stderr } = await helm(['template', 'tandem', chart, '-n', system, '--set', set], true);
    assert.notEqual(code, 0, set);
    assert.match(stderr, words);
  };
  await refused('replicas=3', /replicas/);
  await refused('replicaCount=0', /replicaCount/);
  await refused('serviceMonitor.enabled=true', /monitoring\.coreos\.com\/v1/);
  await refused('serviceAccount.name=', /serviceAccount/);
}

const testValues = [
  '--set',
  'image.repository=docker.io/library/tandem,image.tag=dev,image.pullPolicy=Never',
  '--set',
  'config.prometheus[0].name=default',
];

async function wholeLife(stage: Stage): Promise<void> {
  await build(stage.note, [helmModule]);
  const values = [...testValues, '--set', `config.prometheus[0].url=${testCluster().prometheusUrl}`];
  await stage.deploy({ version: 'v1' });
  await stage.adopt({ analysis: { minDuration: '10m' } });
  const load = await stage.load({ rate: 30 });
  const before = await stage.stablePods();
  await runKubectl(['-n', system, 'delete', 'deployment', 'tandem', '--wait']);
  try {
    await helm([
      'install',
      'tandem',
      chart,
      '-n',
      system,
      '--take-ownership',
      '--wait',
      '--timeout',
      '120s',
      ...values,
    ]);
    await stage.waitFor('a leader', async () => (await leader()).pod !== '', 60);
    await stage.release({ version: 'v2', env: { CRASH_AFTER_S: '1' } });
    await stage.waitPhase('Rejected', 120);
    const more = [...values, '--set', 'replicaCount=1,logLevel=debug'];
    await helm(['upgrade', 'tandem', chart, '-n', system, '--wait', '--timeout', '120s', ...more]);
    await stage.waitFor('the next version is held', async () => held(stage, 'v3'), 30);
    await stage.waitPhase('Analyzing', 120);
    assert.deepEqual(await stage.stablePods(), before);
    await helm(['uninstall', 'tandem', '-n', system, '--wait', '--timeout', '60s']);
    const kept = await stage.kubectl(['get', 'canaryrelease', 'shop', '-o', 'name']);
    assert.match(kept.stdout, /shop/, 'the custom resource and what is written with it are kept');
    assert.deepEqual(await stage.stablePods(), before, 'the target serves on');
  } finally {
    await helm(['uninstall', 'tandem', '-n', system, '--ignore-not-found', '--wait'], true);
    await installOperator(stage.note);
  }
  const record = await load.stop();
  stage.facts['lost in a life of the chart'] = Object.values(record.failed).reduce((sum, count) => sum + count, 0);
}

/** `tandem` without the namespace of the case: it is about the whole cluster. */
async function tandem(...args: string[]): Promise<CommandResult> {
  return runProgram(process.execPath, ['dist/tandem.mjs', ...args, '--kubeconfig', testCluster().kubeconfig]);
}

/** The command line takes over, upgrades, uninstalls and installs anew, with a target that serves and one that is held. */
async function lifeByCli(stage: Stage): Promise<void> {
  const image = ['--image', 'docker.io/library/tandem:dev', '--prometheus-url', testCluster().prometheusUrl];
  await stage.deploy({ version: 'v1' });
  await stage.adopt({ analysis: { minDuration: '10m' } });
  const before = await stage.stablePods();
  const load = await stage.load({ rate: 30 });
  try {
    const refused = await tandem('install', ...image);
    assert.equal(refused.code, 1, 'kubectl installed it');
    assert.match(refused.stderr, /--take-ownership/);
    await must(tandem('install', ...image, '--take-ownership', '--wait'));
    const again = await must(tandem('install', ...image, '--wait'));
    assert.doesNotMatch(again.stdout, / (new|changes:)/, 'the second one changes nothing');
    // What kubectl had applied is settled for good: a change needs no more than itself.
    const more = await must(tandem('install', '--replicas', '1', '--wait'));
    assert.match(more.stdout, /deployment\/tandem {3}changes: spec.replicas\n/);
    await stage.release({ version: 'v2' });
    await stage.waitPhase('Analyzing', 120);
    const running = await tandem('uninstall');
    assert.equal(running.code, 1);
    assert.match(running.stderr, /running: .*shop \(Analyzing\)/);
    await must(tandem('uninstall', '--dry-run', '--force'));
    const gone = await must(tandem('uninstall', '--force'));
    stage.note(gone.stdout);
    await stage.waitFor('no canary', async () => !(await stage.canaryExists()), 60);
    assert.equal(await stage.gate(), 'open');
    assert.equal((await stage.target()).spec.paused, true, 'an untested template does not roll by itself');
    assert.deepEqual(await stage.stablePods(), before, 'the target serves on');
    await must(tandem('uninstall'));
    await stage.release({ version: 'v1' });
    await stage.kubectl(['rollout', 'resume', 'deployment/shop']);
    await stage.kubectl(['label', 'deployment', 'shop', 'tandem.dev/gate-']);
    assert.deepEqual(await stage.stablePods(), before);
    await must(tandem('install', ...image, '--wait'));
    await stage.waitFor('held again', async () => (await stage.gate()) === 'armed', 60);
    await stage.release({ version: 'v3', env: { CRASH_AFTER_S: '1' } });
    await stage.waitPhase('Rejected', 120);
    assert.deepEqual(await stage.stablePods(), before);
  } finally {
    await tandem('uninstall', '--force');
    await installOperator(stage.note);
  }
  const record = await load.stop();
  stage.facts['lost in a life by the command line'] = Object.values(record.failed).reduce(
    (sum, count) => sum + count,
    0,
  );
}

async function held(stage: Stage, version: string): Promise<boolean> {
  await stage.release({ version });
  return (await stage.gate()) === 'holding';
}

export const installCases: Case[] = [
  {
    name: 'chart',
    ci: false,
    proves:
      'the Helm chart renders the objects of deploy/kustomize/base, the server takes its options, and wrong values are refused',
    async run(stage) {
      await build(stage.note, [helmModule]);
      await helm(['lint', '--strict', chart]);
      await sameObjects();
      await acceptedByTheServer();
      await refusals();
    },
  },
  {
    name: 'chart-life',
    ci: false,
    alone: true,
    proves:
      'the chart installed, upgraded in the middle of a release and uninstalled: the target serves, the CanaryRelease is kept',
    run: wholeLife,
  },
  {
    name: 'cli-life',
    ci: false,
    alone: true,
    proves:
      '`tandem install` takes over from kubectl, upgrades, `tandem uninstall` leaves targets serving and what is untested held, and installs anew',
    run: lifeByCli,
  },
];
