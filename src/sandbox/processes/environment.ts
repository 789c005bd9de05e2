import type { Container, KubeObject, Pod } from '../../kube/object.ts';
import { asFields, asList, asText, at } from '../json.ts';

/** Finds a ConfigMap or Secret that a variable refers to. */
export type FindSource = (kind: 'ConfigMap' | 'Secret', name: string) => KubeObject | undefined;

/** A variable that cannot be set; the message is that of the kubelet (CreateContainerConfigError). */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/**
 * The variables of a container: its own, with fieldRef, configMapKeyRef, secretKeyRef and `$(NAME)` resolved, and
 * HOSTNAME. Throws EnvironmentError for a source that is missing and not optional, or of another kind.
 */
export function environmentOf(pod: Pod, container: Container, find: FindSource): Record<string, string> {
  const values: Record<string, string> = { HOSTNAME: pod.metadata.name };
  for (const { name, value, valueFrom } of container.env ?? []) {
    const text = valueFrom === undefined ? expand(value ?? '', values) : resolve(name, asFields(valueFrom), pod, find);
    if (text !== undefined) values[name] = text;
  }
  return values;
}

/** `$(NAME)` of a variable that stands before it; `$$(NAME)` and unknown names stay as they are written. */
function expand(text: string, values: Record<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (values[name] ?? whole),
  );
}

function resolve(variable: string, valueFrom: Record<string, unknown>, pod: Pod, find: FindSource): string | undefined {
  if (valueFrom['fieldRef'] !== undefined) {
    return field(variable, asText(asFields(valueFrom['fieldRef'])['fieldPath']), pod);
  }
  if (valueFrom['configMapKeyRef'] !== undefined)
    return entry('ConfigMap', asFields(valueFrom['configMapKeyRef']), find);
  if (valueFrom['secretKeyRef'] !== undefined) return entry('Secret', asFields(valueFrom['secretKeyRef']), find);
  throw new EnvironmentError(`variable ${variable}: the sandbox has no ${Object.keys(valueFrom).join(', ')}`);
}

function field(variable: string, path: string, pod: Pod): string {
  const indexed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (indexed !== null) return asText(at(pod, 'metadata', indexed[1] ?? '', indexed[2] ?? ''));
  if (/^(metadata\.(name|namespace|uid)|spec\.(nodeName|serviceAccountName)|status\.(podIP|hostIP))$/.test(path)) {
    return asText(at(pod, ...path.split('.')));
  }
  throw new EnvironmentError(`variable ${variable}: the sandbox has no field ${path}`);
}

function entry(kind: 'ConfigMap' | 'Secret', ref: Record<string, unknown>, find: FindSource): string | undefined {
  const name = asText(ref['name']);
  const key = asText(ref['key']);
  const source = find(kind, name);
  const value = asFields(source?.['data'])[key];
  if (typeof value === 'string') return kind === 'Secret' ? Buffer.from(value, 'base64').toString() : value;
  if (ref['optional'] === true) return undefined;
  const what = kind.toLowerCase();
  throw new EnvironmentError(
    source === undefined ? `${what} "${name}" not found` : `couldn't find key ${key} in ${kind} ${name}`,
  );
}

/** Names of ports of a container, for probes that refer to one by its name. */
export function portOf(container: Container, port: unknown): number | undefined {
  if (typeof port === 'number') return port;
  const named = asList(container['ports'])
    .map(asFields)
    .find(({ name }) => name === port);
  return typeof named?.['containerPort'] === 'number' ? named['containerPort'] : undefined;
}
