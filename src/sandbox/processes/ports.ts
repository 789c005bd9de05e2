import { createServer } from 'node:net';
import type { KubeObject } from '../../kube/object.ts';
import type { Webhook } from '../admission/admission.ts';
import { asFields, asList, ensure, type Fields, isFields } from '../json.ts';

/** On a pod: which port of this machine stands for which declared one, as `8080=20017`; several by commas. */
export const PORTS_ANNOTATION = 'sandbox.tandem.dev/ports';
/** Below the ports that systems give to outgoing connections. */
const firstPort = 20_000;
const lastPort = 29_999;
const poolSize = 48;

/** Ports of this machine that were free when they were looked at, each given once. */
export interface PortPool {
  take(): number;
  /** Resolves when there are tested ports. Rejects when there is hardly any free one. */
  fill(): Promise<void>;
}

/** `start`: the first one tried, so that two sandboxes on one machine seldom meet. */
export function createPortPool(start = firstPort): PortPool {
  const tested: number[] = [];
  let next = firstPort + ((start - firstPort) % (lastPort - firstPort + 1));
  let filling: Promise<void> | undefined;

  function advance(): number {
    const port = next;
    next = next === lastPort ? firstPort : next + 1;
    return port;
  }

  async function search(): Promise<void> {
    for (let tries = 0; tested.length < poolSize; tries += 1) {
      if (tries > lastPort - firstPort) throw new Error(`no free port between ${firstPort} and ${lastPort}`);
      const port = advance();
      if (await isFree(port)) tested.push(port);
    }
  }

  function fill(): Promise<void> {
    filling ??= search().finally(() => {
      filling = undefined;
    });
    return filling;
  }

  return {
    take() {
      if (tested.length < poolSize / 2) fill().catch(() => undefined);
      return tested.shift() ?? advance();
    },
    fill,
  };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * Pods that are processes share the address 127.0.0.1, so each gets a port of its own for every port that it declares:
 * in `containerPort`, in the ports of its probes, in `prometheus.io/port`, and in the variable PORT (the first one), as
 * an injector on a real cluster would write it. What the pod had declared stands in PORTS_ANNOTATION.
 */
export function portWebhook(pool: PortPool): Webhook {
  return ({ operation, kind, subresource, object }) => {
    if (operation !== 'CREATE' || kind.plural !== 'pods' || subresource !== '' || object === undefined)
      return undefined;
    return withOwnPorts(object, pool);
  };
}

function withOwnPorts(pod: KubeObject, pool: PortPool): KubeObject {
  const given = new Map<number, number>();
  const own = (port: unknown): number | undefined => {
    if (typeof port !== 'number') return undefined;
    const present = given.get(port) ?? pool.take();
    given.set(port, present);
    return present;
  };
  for (const container of asList(asFields(pod['spec'])['containers']))
    if (isFields(container)) mapContainer(container, own);
  const annotations = ensure(pod.metadata, 'annotations');
  const scraped = given.get(Number(annotations['prometheus.io/port']));
  if (scraped !== undefined) annotations['prometheus.io/port'] = String(scraped);
  annotations[PORTS_ANNOTATION] = [...given].map(([declared, real]) => `${declared}=${real}`).join(',');
  return pod;
}

function mapContainer(container: Fields, own: (port: unknown) => number | undefined): void {
  const ports = asList(container['ports']).filter(isFields);
  for (const port of ports) port['containerPort'] = own(port['containerPort']);
  for (const probe of ['readinessProbe', 'livenessProbe', 'startupProbe']) {
    for (const action of ['httpGet', 'tcpSocket']) {
      const target = asFields(container[probe])[action];
      if (isFields(target) && typeof target['port'] === 'number') target['port'] = own(target['port']);
    }
  }
  const [first] = ports;
  if (first === undefined) return;
  const others = asList(container['env']).filter((entry) => asFields(entry)['name'] !== 'PORT');
  container['env'] = [{ name: 'PORT', value: String(first['containerPort']) }, ...others];
}

/** The port of this machine that a pod has for a declared one. */
export function realPort(pod: KubeObject, declared: number): number | undefined {
  const pairs = (pod.metadata.annotations?.[PORTS_ANNOTATION] ?? '').split(',').map((pair) => pair.split('='));
  const found = pairs.find(([from]) => Number(from) === declared);
  return found === undefined ? undefined : Number(found[1]);
}
