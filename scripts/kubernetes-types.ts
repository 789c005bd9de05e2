import { writeFileSync } from 'node:fs';
import { loadClusterConfig } from '../src/kube/config.ts';
import { systemClock } from '../src/lib/clock.ts';
import { createSender } from '../test/conformance/differential/target.ts';

/**
 * Writes src/sandbox/kinds/types.ts from the OpenAPI documents of a real cluster, when the sandbox goes to another version
 * of Kubernetes: CONFORMANCE_KUBECONFIG=FILE npx tsx scripts/kubernetes-types.ts
 */

interface Property {
  $ref?: string;
  type?: string;
  format?: string;
  items?: Property;
  allOf?: Property[];
  oneOf?: Property[];
  additionalProperties?: Property;
  properties?: Record<string, Property>;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-int-or-string'?: boolean;
}

const GROUPS: Record<string, string[]> = {
  'api/v1': [
    'Pod',
    'Service',
    'Namespace',
    'ConfigMap',
    'Secret',
    'ServiceAccount',
    'ResourceQuota',
    'PersistentVolumeClaim',
  ],
  'apis/apps/v1': ['Deployment', 'ReplicaSet'],
  'apis/apiextensions.k8s.io/v1': ['CustomResourceDefinition'],
  'apis/autoscaling/v1': ['Scale'],
  'apis/coordination.k8s.io/v1': ['Lease'],
  'apis/discovery.k8s.io/v1': ['EndpointSlice'],
  'apis/events.k8s.io/v1': ['Event'],
  'apis/rbac.authorization.k8s.io/v1': ['ClusterRole', 'Role', 'ClusterRoleBinding', 'RoleBinding'],
  'apis/policy/v1': ['PodDisruptionBudget'],
  'apis/admissionregistration.k8s.io/v1': [
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
    'MutatingAdmissionPolicy',
    'MutatingAdmissionPolicyBinding',
  ],
};

const SCALARS: Record<string, string> = {
  Quantity: 'quantity',
  IntOrString: 'intOrString',
  Time: 'time',
  MicroTime: 'time',
  FieldsV1: 'any',
  RawExtension: 'any',
  JSON: 'any',
  JSONSchemaPropsOrArray: 'any',
  JSONSchemaPropsOrBool: 'any',
  JSONSchemaPropsOrStringArray: 'any',
};

type Schemas = Record<string, Property>;

function shortName(reference: string): string {
  return reference.slice(reference.lastIndexOf('.') + 1);
}

function scalar({ type, format }: Property): string {
  if (type === 'integer') return format === 'int64' ? 'int64' : 'int32';
  if (type === 'string') return format === 'byte' ? 'bytes' : format === 'date-time' ? 'time' : 'string';
  return type === 'boolean' || type === 'number' ? type : 'any';
}

/** `[name|name]`: keys of the items in server-side apply, then the key in strategic patches. */
function listOf(property: Property): string {
  const type = property['x-kubernetes-list-type'];
  const keys = type === 'map' ? (property['x-kubernetes-list-map-keys'] ?? []).join(',') : type === 'set' ? '=' : '';
  const strategy = property['x-kubernetes-patch-strategy'] ?? '';
  const merges = strategy.includes('merge');
  const patchKey = merges ? (property['x-kubernetes-patch-merge-key'] ?? '=') : '';
  return patchKey === '' ? `[${keys}]` : `[${keys}|${patchKey}]`;
}

function describe(property: Property, schemas: Schemas, found: Set<string>): string {
  const reference = property.$ref ?? property.allOf?.find((one) => one.$ref !== undefined)?.$ref;
  if (reference !== undefined) {
    const name = shortName(reference);
    if (SCALARS[name] !== undefined) return SCALARS[name];
    found.add(reference);
    const atomic = schemas[reference.slice(reference.lastIndexOf('/') + 1)]?.['x-kubernetes-map-type'] === 'atomic';
    const whole = property['x-kubernetes-map-type'] === 'atomic' || atomic;
    return `${whole ? '!' : ''}${name}`;
  }
  if (property.items !== undefined) return `${listOf(property)}${describe(property.items, schemas, found)}`;
  if (property.additionalProperties !== undefined) {
    const whole = property['x-kubernetes-map-type'] === 'atomic';
    return `${whole ? '!' : ''}{}${describe(property.additionalProperties, schemas, found)}`;
  }
  return scalar(property);
}

function collect(reference: string, schemas: Schemas, into: Map<string, string>): void {
  const key = reference.slice(reference.lastIndexOf('/') + 1);
  const name = shortName(key);
  if (into.has(name)) return;
  const found = new Set<string>();
  const fields = Object.entries(schemas[key]?.properties ?? {}).map(
    ([field, property]) => `${field}:${describe(property, schemas, found)}`,
  );
  into.set(name, fields.join(' '));
  for (const next of found) collect(next, schemas, into);
}

const types = new Map<string, string>();
const kubeconfig = process.env['CONFORMANCE_KUBECONFIG'] ?? '';
const sender = await createSender(loadClusterConfig({ clock: systemClock, kubeconfig, env: {} }));
for (const [group, kinds] of Object.entries(GROUPS)) {
  const { body } = await sender.send({ method: 'GET', path: `/openapi/v3/${group}` });
  const { schemas } = (body as { components: { schemas: Schemas } }).components;
  for (const kind of kinds) {
    const key = Object.keys(schemas).find((name) => name.endsWith(`.${kind}`));
    if (key !== undefined) collect(key, schemas, types);
  }
}
await sender.close();
const lines = [...types].map(([name, fields]) => `  ${name}: '${fields}',`);
const head = `/**
 * The fields of Kubernetes' own types (v1.36), written by scripts/kubernetes-types.ts: type, then its fields with their types.
 * \`[]\` is a list that is replaced as a whole, \`[name]\` one whose items are known by these fields, \`[=]\` a set; behind \`|\`
 * the field by which a strategic patch knows them. \`{}\` is a map. \`!\` is replaced as a whole by server-side apply.
 */
export const TYPES: Record<string, string> = {
`;
writeFileSync(new URL('../src/sandbox/kinds/types.ts', import.meta.url), `${head}${lines.join('\n')}\n};\n`);
