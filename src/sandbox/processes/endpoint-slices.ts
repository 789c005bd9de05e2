import { createHash } from 'node:crypto';
import type { KubeObject, Pod } from '../../kube/object.ts';
import { isReady } from '../controllers/pod-order.ts';
import { asFields, asList, type Fields } from '../json.ts';
import { selects } from '../selectors.ts';
import { podIP } from './pod-status.ts';
import { realPort } from './ports.ts';

/** A port of a Service: where it is found in its pods. */
export interface ServicePort {
  name: string | undefined;
  port: number;
  targetPort: number | string;
}

/** A pod behind a Service. */
export interface Endpoint {
  pod: Pod;
  /** Takes new connections. */
  ready: boolean;
  /** Port of this machine by the port of the Service. */
  ports: Map<number, number>;
}

export function portsOf(service: KubeObject): ServicePort[] {
  return asList(asFields(service['spec'])['ports'])
    .map(asFields)
    .map(({ name, port, targetPort }) => ({
      name: typeof name === 'string' ? name : undefined,
      port: Number(port),
      targetPort: typeof targetPort === 'string' ? targetPort : Number(targetPort ?? port),
    }));
}

function portIn(pod: Pod, target: number | string): number | undefined {
  if (typeof target === 'number') return realPort(pod, target);
  const ports = pod.spec.containers.flatMap((container) => asList(container['ports']).map(asFields));
  const found = ports.find(({ name }) => name === target)?.['containerPort'];
  return typeof found === 'number' ? found : undefined;
}

/** The pods that a Service selects and that have an address. */
export function endpointsOf(service: KubeObject, pods: readonly Pod[]): Endpoint[] {
  const selector = asFields(asFields(service['spec'])['selector']) as Record<string, string>;
  const ports = portsOf(service);
  return pods
    .filter((pod) => pod.status?.['podIP'] !== undefined && selects({ matchLabels: selector }, pod.metadata.labels))
    .filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
    .map((pod) => ({
      pod,
      ready: isReady(pod) && pod.metadata.deletionTimestamp === undefined,
      ports: new Map(
        ports.flatMap(({ port, targetPort }) => {
          const real = portIn(pod, targetPort);
          return real === undefined ? [] : [[port, real] as const];
        }),
      ),
    }));
}

function sliceOf(service: KubeObject, ports: Fields[], endpoints: Endpoint[]): KubeObject {
  const { name, namespace = '', uid = '' } = service.metadata;
  const hash = createHash('sha256').update(JSON.stringify(ports)).digest('hex').slice(0, 5);
  const owner = { apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'sandbox.tandem.dev' },
      ownerReferences: [owner],
    },
    addressType: 'IPv4',
    ports,
    endpoints: endpoints.map(({ pod, ready }) => ({
      addresses: [podIP],
      conditions: { ready, serving: isReady(pod), terminating: pod.metadata.deletionTimestamp !== undefined },
      nodeName: pod.spec.nodeName,
      targetRef: { kind: 'Pod', name: pod.metadata.name, namespace, uid: pod.metadata.uid },
    })),
  };
}

/**
 * The EndpointSlices of a Service: one for each set of port numbers, as the endpoint slice controller does, and here
 * every pod has numbers of its own.
 */
export function slicesOf(service: KubeObject, endpoints: readonly Endpoint[]): KubeObject[] {
  const groups = new Map<string, { ports: Fields[]; endpoints: Endpoint[] }>();
  for (const endpoint of endpoints) {
    const ports = portsOf(service).flatMap(({ name, port }) => {
      const real = endpoint.ports.get(port);
      return real === undefined ? [] : [{ name: name ?? '', port: real, protocol: 'TCP' }];
    });
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] as Endpoint[] };
    groups.set(key, group);
    group.endpoints.push(endpoint);
  }
  return [...groups.values()].map((group) => sliceOf(service, group.ports, group.endpoints));
}
