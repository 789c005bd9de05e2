import { get } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type KubeObject, resources } from '../../kube/object.ts';
import { isReady } from '../controllers/pod-order.ts';
import { endpointSlices } from '../kinds/registry.ts';
import { realPort } from './ports.ts';
import { ADDRESS_ANNOTATION } from './services.ts';
import { createProcessStage, type ProcessStage, podOf } from './testing/stage.ts';

let stage: ProcessStage;
let url: string;

beforeEach(async () => {
  stage = await createProcessStage();
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  await stage.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop' },
    spec: { selector: { app: 'shop' }, ports },
  });
  await stage.create(podOf('a'));
  await stage.create(podOf('b'));
  await stage.until('ready', () => stage.pods().filter(isReady).length === 2);
  await stage.until('open', () => stage.services.url('shop', 'shop') !== undefined);
  url = stage.services.url('shop', 'shop') ?? '';
});
afterEach(() => stage.close());

/** The pod that answers a new connection; the error's code when none does. */
function ask(): Promise<string> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume();
      resolve(String(response.headers['x-pod']));
    }).once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

async function askMany(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < 10; index += 1) {
    const pod = await ask();
    counts[pod] = (counts[pod] ?? 0) + 1;
  }
  return counts;
}

const slices = (): readonly KubeObject[] => stage.sandbox.peek<KubeObject>(endpointSlices, 'shop');

async function switchTo(name: string, path: string, ready: boolean): Promise<void> {
  const pod = stage.pods().find(({ metadata }) => metadata.name === name);
  await fetch(`http://127.0.0.1:${pod && realPort(pod, 8080)}${path}`);
  await stage.until(path, () => stage.pods().some((one) => one.metadata.name === name && isReady(one) === ready));
}

it('spreads new connections over the ready pods, and follows their readiness', async () => {
  expect(await askMany()).toEqual({ a: 5, b: 5 });
  await switchTo('a', '/off', false);
  expect(await askMany()).toEqual({ b: 10 });
  await switchTo('a', '/on', true);
  expect(await askMany()).toEqual({ a: 5, b: 5 });
});

it('forgets a pod as soon as it is deleted, and refuses when none is left', async () => {
  await stage.api.delete(resources.pods, { namespace: 'shop', name: 'a' });
  expect(await askMany()).toEqual({ b: 10 });
  await stage.api.delete(resources.pods, { namespace: 'shop', name: 'b' });
  expect(await ask()).toBe('ECONNRESET');
});

it('keeps EndpointSlices and the address of the Service', async () => {
  const service = stage.sandbox.peek<KubeObject>(resources.services, 'shop')[0];
  expect(`http://${service?.metadata.annotations?.[ADDRESS_ANNOTATION]?.split('=')[1]}`).toBe(url);
  const found = slices().map(({ ports }) => ports);
  for (const pod of stage.pods()) {
    expect(found).toContainEqual([{ name: 'http', port: realPort(pod, 8080), protocol: 'TCP' }]);
  }
  expect(found.length).toBe(2);
  await switchTo('a', '/off', false);
  const readiness = JSON.stringify(slices().map((slice) => slice['endpoints']));
  expect(readiness).toContain('"ready":false');
  await stage.api.delete(resources.services, { namespace: 'shop', name: 'shop' });
  await stage.until('slices are gone', () => slices().length === 0);
  await stage.until('closed', async () => (await ask()) === 'ECONNREFUSED');
});
