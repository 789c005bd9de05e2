import type { PodEndpoint } from '../evidence/pods/address.ts';
import type { Condition, Container, Pod } from '../kube/object.ts';

const PREFIX = 'prometheus.io/';

/** What the API server says of where a pod may be scraped; undefined for a pod that ended, ends or has no address yet. */
export function endpointOf({ metadata, spec, status }: Pod): PodEndpoint | undefined {
  const ip = status?.podIP;
  const over = status?.phase === 'Succeeded' || status?.phase === 'Failed' || metadata.deletionTimestamp !== undefined;
  if (ip === undefined || ip === '' || over) return undefined;
  const sidecars = (spec.initContainers ?? []).filter((container) => container['restartPolicy'] === 'Always');
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(PREFIX));
  return {
    ip,
    hostNetwork: spec.hostNetwork === true,
    ready: isReady(status?.conditions),
    ports: [...spec.containers, ...sidecars].flatMap(portsOf),
    annotations: Object.fromEntries(annotations.map(([key, value]) => [key.slice(PREFIX.length), value])),
  };
}

function portsOf({ ports = [] }: Container): PodEndpoint['ports'] {
  return ports
    .filter(({ protocol }) => protocol === undefined || protocol === 'TCP')
    .map(({ name = '', containerPort }) => ({ name, port: containerPort }));
}

function isReady(conditions: readonly Condition[] = []): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
