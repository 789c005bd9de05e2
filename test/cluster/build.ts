import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { withLock } from './lock.ts';
import { binDir, root, stateDir } from './paths.ts';
import { requireGo } from './preflight.ts';
import { run } from './run.ts';

/** A folder with a go.mod whose tools become programs in `.state/bin`. */
interface GoModule {
  folder: string;
  /** Import path of a tool, and the name of its program when it is not the last part of the path. */
  tools: Record<string, string | undefined>;
  flags: string[];
  /** Source files of the module's own, which the stamp covers too. */
  sources?: string[];
}

const kubernetesVersion = '1.36.3';
const prometheusVersion = '3.15.0';
const versionPackage = 'k8s.io/component-base/version';

/** Separate modules, because their k8s.io versions differ. */
export const goModules: GoModule[] = [
  {
    folder: 'test/cluster/kubernetes',
    tools: {
      'go.etcd.io/etcd/server/v3': 'etcd',
      'k8s.io/kubernetes/cmd/kube-apiserver': undefined,
      'k8s.io/kubernetes/cmd/kube-controller-manager': undefined,
      'k8s.io/kubernetes/cmd/kube-proxy': undefined,
      'k8s.io/kubernetes/cmd/kube-scheduler': undefined,
      'k8s.io/kubernetes/cmd/kubectl': undefined,
      'k8s.io/kubernetes/cmd/kubelet': undefined,
    },
    flags: [
      '-ldflags',
      `-s -w -X ${versionPackage}.gitVersion=v${kubernetesVersion} -X ${versionPackage}.gitMajor=1 -X ${versionPackage}.gitMinor=36 -X ${versionPackage}.gitTreeState=clean`,
    ],
  },
  {
    folder: 'test/cluster/containerd',
    tools: {
      'github.com/containerd/containerd/v2/cmd/containerd': undefined,
      'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2': undefined,
      'github.com/containerd/containerd/v2/cmd/ctr': undefined,
      'github.com/containernetworking/plugins/plugins/ipam/host-local': undefined,
      'github.com/containernetworking/plugins/plugins/main/bridge': undefined,
      'github.com/containernetworking/plugins/plugins/main/loopback': undefined,
      'github.com/containernetworking/plugins/plugins/meta/portmap': undefined,
    },
    flags: ['-ldflags', '-s -w'],
  },
  {
    folder: 'test/cluster/prometheus',
    tools: { 'github.com/prometheus/prometheus/cmd/prometheus': undefined },
    // Debian's own is built without Kubernetes discovery; every other discovery is left out to keep the build short.
    flags: [
      '-tags',
      'remove_all_sd,enable_kubernetes_sd',
      '-ldflags',
      `-s -w -X github.com/prometheus/common/version.Version=${prometheusVersion}`,
    ],
  },
  {
    folder: 'test/cluster/metrics-server',
    tools: { 'sigs.k8s.io/metrics-server/cmd/metrics-server': undefined },
    flags: ['-ldflags', '-s -w'],
  },
  {
    folder: 'test/kstatus',
    tools: { kstatus: undefined },
    flags: ['-ldflags', '-s -w'],
    sources: ['main.go'],
  },
  {
    folder: 'test/argocd',
    tools: { 'argocd-lua': undefined },
    flags: ['-ldflags', '-s -w'],
    sources: ['main.go'],
  },
];

/** Compiled only by the cases that need it: it takes minutes. */
export const helmModule: GoModule = {
  folder: 'test/cluster/helm',
  tools: { 'helm.sh/helm/v3/cmd/helm': undefined },
  // What a chart is checked against where no cluster is asked.
  flags: [
    '-ldflags',
    `-s -w -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=${kubernetesVersion.split('.')[1]}`,
  ],
};

function programs(module: GoModule): { path: string; program: string }[] {
  return Object.entries(module.tools).map(([path, name]) => ({ path, program: join(binDir, name ?? basename(path)) }));
}

function stampFile(module: GoModule): string {
  return join(binDir, '.stamps', basename(module.folder));
}

/** What a program was built from: a stamp that is equal means that the program is current. */
export function stampOf(
  module: GoModule,
  read: (file: string) => string | Buffer = (file) => readFileSync(file),
): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', ...(module.sources ?? [])])
    hash.update(read(join(root, module.folder, file)));
  hash.update(JSON.stringify([module.tools, module.flags]));
  return hash.digest('hex');
}

function isCurrent(module: GoModule): boolean {
  const file = stampFile(module);
  if (!existsSync(file) || readFileSync(file, 'utf8') !== stampOf(module)) return false;
  return programs(module).every(({ program }) => existsSync(program));
}

function buildModule(module: GoModule): void {
  const staging = join(stateDir, 'build', basename(module.folder));
  mkdirSync(staging, { recursive: true });
  mkdirSync(join(binDir, '.stamps'), { recursive: true });
  run('go', ['build', ...module.flags, '-o', `${staging}/`, ...Object.keys(module.tools)], {
    cwd: join(root, module.folder),
    env: { ...process.env, CGO_ENABLED: '0' },
    show: true,
  });
  // Go names a program after the last part of the path that is not a version: etcd's server is `server`.
  for (const { path, program } of programs(module)) {
    const built = basename(path.replace(/\/v\d+$/, ''));
    renameSync(join(staging, built), program);
  }
  rmSync(staging, { recursive: true, force: true });
  writeFileSync(stampFile(module), stampOf(module));
}

/** Compiles what is missing or older than its go.mod, go.sum and flags. Needs Go only when there is something to do. */
export async function build(log: (line: string) => void = console.log, modules = goModules): Promise<void> {
  mkdirSync(stateDir, { recursive: true });
  await withLock(join(stateDir, 'build.lock'), 'build', 3600, async () => {
    const due = modules.filter((module) => !isCurrent(module));
    if (due.length === 0) return log('build: every program is current');
    requireGo(due.map((module) => join(root, module.folder, 'go.mod')));
    for (const module of due) {
      const begin = Date.now();
      log(`build: ${module.folder} (the first time takes minutes) ...`);
      buildModule(module);
      log(`build: ${module.folder} done in ${Math.round((Date.now() - begin) / 1000)} s`);
    }
  });
}
