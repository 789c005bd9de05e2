import type { KubeObject } from '../../kube/object.ts';
import { CliError, exitCodes } from '../exit.ts';
import { nameOf } from './cluster.ts';

/** A tool that keeps applying what it holds: whatever another one writes is a fight. */
interface Owner {
  tool: string;
  /** What the tool calls it; empty where it does not say. */
  name: string;
  /** How a person changes this installation. */
  change: string;
  /** And how it goes. */
  remove: string;
}

type Marks = Record<string, string>;

/** By the marks that each tool leaves on what it applies. */
const tools: ((labels: Marks, annotations: Marks) => Owner | undefined)[] = [
  (labels, annotations) => {
    const { [`meta.helm.sh/release-name`]: name = '', [`meta.helm.sh/release-namespace`]: namespace = '' } =
      annotations;
    const flux = labels['helm.toolkit.fluxcd.io/name'];
    if (flux !== undefined)
      return gitops('Flux', `HelmRelease ${flux}`, labels['helm.toolkit.fluxcd.io/namespace'] ?? '');
    if (name === '' && labels['app.kubernetes.io/managed-by'] !== 'Helm') return undefined;
    // Helm leaves it behind with its marks on: it does not tell that the rest is still there.
    if (annotations['helm.sh/resource-policy'] === 'keep') return undefined;
    const release = `${name || 'RELEASE'} -n ${namespace || 'NAMESPACE'}`;
    return { tool: 'Helm', name, change: `helm upgrade ${release}`, remove: `helm uninstall ${release}` };
  },
  (labels) => {
    const flux = labels['kustomize.toolkit.fluxcd.io/name'];
    if (flux === undefined) return undefined;
    return gitops('Flux', `Kustomization ${flux}`, labels['kustomize.toolkit.fluxcd.io/namespace'] ?? '');
  },
  (labels, annotations) => {
    const tracked = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0];
    const application = tracked ?? labels['argocd.argoproj.io/instance'];
    return application === undefined ? undefined : gitops('Argo CD', `Application ${application}`, '');
  },
];

function gitops(tool: string, name: string, namespace: string): Owner {
  const where = namespace === '' ? name : `${name} in namespace ${namespace}`;
  return {
    tool,
    name: where,
    change: `change what ${where} applies, for instance by \`tandem install -o yaml\``,
    remove: `remove it from what ${where} applies`,
  };
}

/** The tool that keeps an object as it is; undefined for what a person applied. */
function ownerOf({ metadata }: KubeObject): Owner | undefined {
  for (const find of tools) {
    const owner = find(metadata.labels ?? {}, metadata.annotations ?? {});
    if (owner !== undefined) return owner;
  }
  return undefined;
}

/** Throws CliError that names the tool and its own way where one of the objects belongs to Helm, Flux or Argo CD. */
export function assertNobodyElse(objects: KubeObject[], what: 'change' | 'remove'): void {
  for (const object of objects) {
    const owner = ownerOf(object);
    if (owner === undefined) continue;
    const name = owner.name === '' ? '' : ` (${owner.name})`;
    throw new CliError(
      exitCodes.failure,
      `Tandem was installed by ${owner.tool}${name}, which would undo what is written here: see ${nameOf(object)}`,
      `${owner.tool} has to do it: ${owner[what]}; nothing was written`,
    );
  }
}
