import type { Schema } from '../crd/schema.ts';
import { asFields, canonical, type Fields, isFields } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';

/** How the lists and maps of an object merge, at one place in it. */
export interface Structure {
  /** Key fields of the items of a list, with the defaults of absent ones; `set` of plain values; `atomic`. */
  list: { keys: Record<string, unknown> } | 'set' | 'atomic';
  /** An object that is replaced as a whole. */
  atomicMap: boolean;
  field(name: string): Structure;
  item(): Structure;
}

const NAME = { keys: { name: undefined } };

/** The lists of Kubernetes' own kinds that are not replaced as a whole. */
const LISTS: Record<string, Structure['list']> = {
  containers: NAME,
  initContainers: NAME,
  ephemeralContainers: NAME,
  env: NAME,
  volumes: NAME,
  imagePullSecrets: NAME,
  volumeMounts: { keys: { mountPath: undefined } },
  volumeDevices: { keys: { devicePath: undefined } },
  hostAliases: { keys: { ip: undefined } },
  topologySpreadConstraints: { keys: { topologyKey: undefined, whenUnsatisfiable: undefined } },
  conditions: { keys: { type: undefined } },
  variables: NAME,
  matchConditions: NAME,
  ownerReferences: { keys: { uid: undefined } },
  finalizers: 'set',
};
const ATOMIC_MAPS = new Set([
  'selector',
  'labelSelector',
  'nodeSelector',
  'fieldRef',
  'configMapKeyRef',
  'secretKeyRef',
  'resourceFieldRef',
]);

function builtinStructure(path: string[]): Structure {
  const name = path.at(-1) ?? '';
  const inContainer = path.at(-2)?.toLowerCase().endsWith('containers') === true;
  const ports = { keys: { [inContainer ? 'containerPort' : 'port']: undefined, protocol: 'TCP' } };
  return {
    list: name === 'ports' ? ports : (LISTS[name] ?? 'atomic'),
    // A Service's selector is an ordinary map, that of a workload is a LabelSelector.
    atomicMap: ATOMIC_MAPS.has(name) && !(path[0] === 'Service' && name === 'selector'),
    field: (field) => builtinStructure([...path, field]),
    item: () => builtinStructure(path),
  };
}

function schemaStructure(schema: Schema | undefined): Structure {
  const type = schema?.['x-kubernetes-list-type'];
  const keys = Object.fromEntries((schema?.['x-kubernetes-list-map-keys'] ?? []).map((key) => [key, undefined]));
  return {
    list: type === 'map' ? { keys } : type === 'set' ? 'set' : 'atomic',
    atomicMap: schema?.['x-kubernetes-map-type'] === 'atomic',
    field(name) {
      const additional = schema?.additionalProperties;
      return schemaStructure(schema?.properties?.[name] ?? (isFields(additional) ? additional : undefined));
    },
    item: () => schemaStructure(schema?.items),
  };
}

/** How objects of a kind merge. Metadata merges the same way in all. */
export function structureOf(kind: Kind): Structure {
  const builtin = builtinStructure([kind.kind]);
  if (kind.builtin) return builtin;
  const custom = schemaStructure(kind.schema);
  return { ...custom, field: (name) => (name === 'metadata' ? builtin.field(name) : custom.field(name)) };
}

/** The step to an item of a list that is no atomic one. */
export function itemStep(item: unknown, list: Exclude<Structure['list'], 'atomic'>): string {
  if (list === 'set') return `v:${JSON.stringify(item)}`;
  const fields = asFields(item);
  const keys: Fields = {};
  for (const [key, fallback] of Object.entries(list.keys)) keys[key] = fields[key] ?? fallback;
  return `k:${canonical(keys)}`;
}
