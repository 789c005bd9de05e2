import { createHash } from 'node:crypto';
import { isMap, parse, parseAllDocuments, parseDocument } from 'yaml';
import { INSTALL_NAMESPACE, SERVICE_ACCOUNT } from '../../api/names.ts';
import type { Deployment, KubeObject } from '../../kube/object.ts';
import { type BaseFiles, KUSTOMIZATION } from './base-files.ts';

/** Who the objects of this way to install belong to; a chart or a kustomization writes another name. */
export const MANAGED_BY = 'tandem-cli';
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
const VERSION_LABEL = 'app.kubernetes.io/version';
export const CONFIG_NAME = 'tandem-config';
export const OPERATOR_NAME = 'tandem';
const CONFIG_FILE = 'config.yaml';

/** What differs from one installation to the next. Absent: as the manifests say. */
export interface Rendering {
  namespace: string;
  /** Of the program that installs; stands in a label. */
  version: string;
  image?: string;
  replicas?: number;
  /** The operator's configuration, as text. */
  config?: string;
  /** Address of the source `default` in it. */
  prometheusUrl?: string;
}

interface Kustomization {
  resources: string[];
  configMapGenerator: { name: string; namespace: string; files: string[] }[];
  labels: { pairs: Record<string, string> }[];
}

const understood = ['apiVersion', 'kind', 'resources', 'configMapGenerator', 'labels'];

/**
 * The objects of deploy/kustomize/base as `kubectl apply -k` would apply them, in the order in which an API server can
 * take them, with other labels of who manages them. Throws where the kustomization says what this does not understand.
 */
export function render(files: BaseFiles, rendering: Rendering): KubeObject[] {
  const kustomization = readKustomization(files);
  const texts = kustomization.resources.flatMap((name) => resourceTexts(files, name));
  const config = configMap(files, kustomization, rendering);
  const labels = {
    ...Object.assign({}, ...kustomization.labels.map(({ pairs }) => pairs)),
    [MANAGED_BY_LABEL]: MANAGED_BY,
    [VERSION_LABEL]: rendering.version,
  } as Record<string, string>;
  return [...texts.flatMap(objectsOf), config]
    .map((object) => moved(object, rendering.namespace))
    .map((object) => (isOperator(object) ? operatorOf(object, config.metadata.name, rendering) : object))
    .map((object) => ({
      ...object,
      metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels } },
    }))
    .toSorted((a, b) => rank(a) - rank(b));
}

export function isOperator({ kind, metadata }: KubeObject): boolean {
  return kind === 'Deployment' && metadata.name === OPERATOR_NAME;
}

export function isConfig({ kind, metadata }: KubeObject): boolean {
  return kind === 'ConfigMap' && new RegExp(`^${CONFIG_NAME}(-[a-z0-9]+)?$`).test(metadata.name);
}

/** The text of the configuration in a ConfigMap. */
export function configText(object: KubeObject): string | undefined {
  return (object['data'] as Record<string, string> | undefined)?.[CONFIG_FILE];
}

/** Objects of a YAML text. */
export function objectsOf(text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });
}

function readKustomization(files: BaseFiles): Kustomization {
  const read = parse(files[KUSTOMIZATION] ?? '') as Partial<Kustomization> & Record<string, unknown>;
  const unknown = Object.keys(read).filter((key) => !understood.includes(key));
  if (unknown.length > 0) throw new Error(`${KUSTOMIZATION} has ${unknown.join(', ')}, which install cannot render`);
  return {
    resources: read.resources ?? [],
    configMapGenerator: read.configMapGenerator ?? [],
    labels: read.labels ?? [],
  };
}

function resourceTexts(files: BaseFiles, name: string): string[] {
  const found = Object.keys(files).filter((file) => file === name || file.startsWith(`${name}/`));
  if (found.length === 0) throw new Error(`the manifests have no file of ${name}`);
  return found.map((file) => files[file] ?? '');
}

function configMap(files: BaseFiles, { configMapGenerator }: Kustomization, rendering: Rendering): KubeObject {
  const [generator] = configMapGenerator;
  if (generator === undefined) throw new Error(`${KUSTOMIZATION} generates no ConfigMap`);
  const text = rendering.config ?? files[CONFIG_FILE] ?? '';
  const { prometheusUrl } = rendering;
  const data = { [CONFIG_FILE]: prometheusUrl === undefined ? text : withPrometheus(text, prometheusUrl) };
  const name = `${generator.name}-${hashOf(data)}`;
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: generator.namespace }, data };
}

/** kustomize's suffix of a generated ConfigMap, so that both ways give the same object the same name. */
function hashOf(data: Record<string, string>): string {
  // As Go writes JSON: keys in order, and these three characters escaped. kustomize has no name yet when it asks.
  const escaped: Record<string, string> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' };
  const json = JSON.stringify({ data, kind: 'ConfigMap', name: '' }).replace(/[<>&]/g, (sign) => escaped[sign] ?? sign);
  const digits = createHash('sha256').update(json).digest('hex').slice(0, 10);
  // So that no suffix is a word.
  const others: Record<string, string> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' };
  return digits.replace(/[013ae]/g, (digit) => others[digit] ?? digit);
}

/** The configuration with the address of its source `default`; comments and everything else stay. */
function withPrometheus(text: string, url: string): string {
  const document = parseDocument(text);
  const sources = (document.toJS() as { prometheus?: { name?: string }[] } | null)?.prometheus ?? [];
  const index = sources.findIndex(({ name }) => name === 'default');
  if (index >= 0) document.setIn(['prometheus', index, 'url'], url);
  else if (isMap(document.contents) && sources.length > 0)
    document.addIn(['prometheus'], document.createNode({ name: 'default', url }));
  else document.set('prometheus', [{ name: 'default', url }]);
  return document.toString({ lineWidth: 0, indentSeq: false, flowCollectionPadding: false });
}

/** The same object in another namespace, the name of the operator's account in policies and bindings included. */
function moved(object: KubeObject, namespace: string): KubeObject {
  if (namespace === INSTALL_NAMESPACE) return object;
  const account = SERVICE_ACCOUNT.replace(`:${INSTALL_NAMESPACE}:`, `:${namespace}:`);
  const copy = JSON.parse(JSON.stringify(object).replaceAll(SERVICE_ACCOUNT, account)) as KubeObject & {
    subjects?: { namespace?: string }[];
  };
  if (copy.kind === 'Namespace') copy.metadata.name = namespace;
  if (copy.metadata.namespace === INSTALL_NAMESPACE) copy.metadata.namespace = namespace;
  for (const subject of copy.subjects ?? []) if (subject.namespace === INSTALL_NAMESPACE) subject.namespace = namespace;
  return copy;
}

function operatorOf(object: KubeObject, config: string, { image, replicas }: Rendering): KubeObject {
  const copy = JSON.parse(
    JSON.stringify(object).replaceAll(`{"name":"${CONFIG_NAME}"}`, `{"name":"${config}"}`),
  ) as Deployment;
  if (replicas !== undefined) copy.spec.replicas = replicas;
  const [container] = copy.spec.template.spec.containers;
  if (image !== undefined && container !== undefined) container.image = image;
  return copy;
}

/** What others need comes first, what runs comes last. */
const order = ['Namespace', 'CustomResourceDefinition', 'ServiceAccount', 'ClusterRole', 'Role', 'ConfigMap'];
const last = ['ClusterRoleBinding', 'RoleBinding', 'PodDisruptionBudget', 'Deployment'];

function rank({ kind }: KubeObject): number {
  const early = order.indexOf(kind);
  if (early >= 0) return early;
  const late = last.indexOf(kind);
  return late >= 0 ? 100 + late : 50;
}
