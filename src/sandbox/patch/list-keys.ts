/** How the lists of Kubernetes' own kinds merge, from the patch tags of their types: key field, or `set` of plain values. */
const KEYS: Record<string, string> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  imagePullSecrets: 'name',
  resourceClaims: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
  conditions: 'type',
  ownerReferences: 'uid',
  finalizers: 'set',
  podIPs: 'ip',
  hostIPs: 'ip',
  secrets: 'name',
};

/**
 * The merge key of a list by the names of the fields that lead to it (list items without their index); undefined where
 * a patch replaces the whole list.
 */
export function mergeKeyOf(path: string[]): string | undefined {
  const field = path.at(-1) ?? '';
  if (field !== 'ports') return KEYS[field];
  return path.at(-2)?.toLowerCase().endsWith('containers') === true ? 'containerPort' : 'port';
}
