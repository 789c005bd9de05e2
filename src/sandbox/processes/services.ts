import { type KubeObject, type Pod, resources } from '../../kube/object.ts';
import { keyOf, splitKey } from '../controllers/context.ts';
import { equal } from '../json.ts';
import { endpointSlices } from '../kinds/registry.ts';
import type { PartContext, SandboxPart } from '../part.ts';
import { type Balancer, createBalancer } from './balancer.ts';
import { type Endpoint, endpointsOf, portsOf, slicesOf } from './endpoint-slices.ts';
import type { PortPool } from './ports.ts';

/** On a Service: where it is reached on this machine, as `80=127.0.0.1:20031`; several by commas. */
export const ADDRESS_ANNOTATION = 'sandbox.tandem.dev/address';

/** Services of a cluster whose pods are processes. */
export interface ProcessServices extends SandboxPart {
  /** `http://127.0.0.1:PORT` of the first port of a Service; undefined while it is not open. */
  url(namespace: string, name: string): string | undefined;
  close(): Promise<void>;
}

/**
 * kube-proxy and the endpoint slice controller: each port of each Service is a port of this machine that spreads new
 * connections over the ready pods, from the very change of their readiness on.
 */
export function createServices(pool: PortPool): (context: PartContext) => ProcessServices {
  return ({ api, store }) => {
    const open = new Map<string, Map<number, Balancer>>();
    const dirty = new Set<string>();
    let closed = false;
    let scheduled = false;

    function look(key: string): void {
      dirty.add(key);
      if (scheduled || closed) return;
      scheduled = true;
      // After the write that this is about, before anything else that waits for I/O.
      process.nextTick(() => {
        scheduled = false;
        const keys = [...dirty];
        dirty.clear();
        if (!closed) for (const one of keys) sync(one);
      });
    }

    function sync(key: string): void {
      const { namespace, name } = splitKey(key);
      const service = api.get<KubeObject>(resources.services, namespace, name);
      if (service === undefined) return shut(key);
      const endpoints = endpointsOf(service, api.list<Pod>(resources.pods, namespace));
      for (const [port, balancer] of open.get(key) ?? openPorts(key, service)) {
        balancer.use(endpoints.flatMap((endpoint) => (endpoint.ready ? (endpoint.ports.get(port) ?? []) : [])));
      }
      writeSlices(service, endpoints);
    }

    function openPorts(key: string, service: KubeObject): Map<number, Balancer> {
      const ports = new Map<number, Balancer>();
      open.set(key, ports);
      void openAll(service, ports).then(() => opened(key, service, ports));
      return ports;
    }

    function opened(key: string, { metadata }: KubeObject, ports: Map<number, Balancer>): void {
      if (closed || open.get(key) !== ports) {
        for (const balancer of ports.values()) void balancer.close();
        return;
      }
      const service = api.get<KubeObject>(resources.services, metadata.namespace, metadata.name);
      if (service !== undefined) announce(service, ports);
      look(key);
    }

    async function openAll(service: KubeObject, ports: Map<number, Balancer>): Promise<void> {
      for (const { port } of portsOf(service)) ports.set(port, await openOne());
    }

    /** A port of the pool may have been taken by somebody else since it was looked at. */
    async function openOne(): Promise<Balancer> {
      try {
        return await createBalancer(pool.take());
      } catch {
        return createBalancer(0);
      }
    }

    function announce(service: KubeObject, ports: Map<number, Balancer>): void {
      const text = [...ports].map(([port, balancer]) => `${port}=127.0.0.1:${balancer.port}`).join(',');
      api.update(resources.services, service, ({ metadata }) => {
        metadata.annotations = { ...metadata.annotations, [ADDRESS_ANNOTATION]: text };
      });
    }

    function writeSlices(service: KubeObject, endpoints: readonly Endpoint[]): void {
      const wanted = new Map(slicesOf(service, endpoints).map((slice) => [slice.metadata.name, slice]));
      for (const { resource, namespace, name } of store.ownedBy(service.metadata.uid ?? '')) {
        const present = resource.plural === endpointSlices.plural ? store.get(resource, namespace, name) : undefined;
        if (present === undefined) continue;
        const next = wanted.get(name);
        wanted.delete(name);
        if (next === undefined) api.delete(endpointSlices, present);
        else if (!equal(next['endpoints'], present['endpoints'])) {
          api.update(endpointSlices, present, (copy) => {
            copy['endpoints'] = next['endpoints'];
          });
        }
      }
      for (const slice of wanted.values()) api.create(endpointSlices, slice);
    }

    function shut(key: string): void {
      const ports = open.get(key);
      open.delete(key);
      for (const balancer of ports?.values() ?? []) void balancer.close();
    }

    return {
      notify({ resource, object }) {
        if (resource.plural === resources.services.plural) return look(keyOf(object));
        if (resource.plural !== resources.pods.plural) return;
        for (const service of store.list(resources.services, object.metadata.namespace)) look(keyOf(service));
      },
      url(namespace, name) {
        const [first] = open.get(`${namespace}/${name}`)?.values() ?? [];
        return first === undefined ? undefined : `http://127.0.0.1:${first.port}`;
      },
      async close() {
        closed = true;
        await Promise.all(
          [...open.values()].flatMap((ports) => [...ports.values()].map((balancer) => balancer.close())),
        );
      },
    };
  };
}
