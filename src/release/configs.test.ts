import { describe, expect, it } from 'vitest';
import type { GetOptions, KubeApi, ObjectRef } from '../kube/api.ts';
import { ApiError } from '../kube/errors.ts';
import type { Deployment, Resource } from '../kube/object.ts';
import { configsOf, referencedNames } from './configs.ts';

const container = {
  name: 'app',
  env: [
    { name: 'A', valueFrom: { configMapKeyRef: { name: 'key', key: 'a' } } },
    { name: 'B', valueFrom: { secretKeyRef: { name: 'password', key: 'b' } } },
  ],
  envFrom: [{ configMapRef: { name: 'all' } }, { secretRef: { name: 'tokens' } }],
};
const volumes = [
  { name: 'one', configMap: { name: 'files' } },
  { name: 'two', secret: { secretName: 'certificate' } },
  { name: 'three', projected: { sources: [{ configMap: { name: 'part' } }, { secret: { name: 'hidden' } }] } },
];
const target = {
  metadata: { name: 'shop', namespace: 'ns' },
  spec: { template: { spec: { containers: [container], initContainers: [{ ...container, name: 'first' }], volumes } } },
} as unknown as Deployment;

/** An API that has everything but what is named, and remembers what it was asked. */
function serving(refused: Record<string, number> = {}): { api: Pick<KubeApi, 'get'>; asked: string[] } {
  const asked: string[] = [];
  const get = (resource: Resource, { name }: ObjectRef, options?: GetOptions): Promise<unknown> => {
    asked.push(`${resource.plural} ${name} ${options?.metadataOnly === true ? 'metadata' : 'whole'}`);
    const status = refused[name];
    if (status === undefined) return Promise.resolve({ metadata: { name, resourceVersion: `v-${name}` } });
    return Promise.reject(new ApiError(status, status === 403 ? 'Forbidden' : 'NotFound', 'no'));
  };
  return { api: { get } as Pick<KubeApi, 'get'>, asked };
}

describe('what pods take their configuration from', () => {
  it('is found in volumes and in the environment', () => {
    expect(referencedNames(target, 'ConfigMap')).toEqual(['all', 'files', 'key', 'part']);
    expect(referencedNames(target, 'Secret')).toEqual(['certificate', 'hidden', 'password', 'tokens']);
  });

  it('asks for no Secret unless it is told to', async () => {
    const { api, asked } = serving();
    const { configVersions, unreadable } = await configsOf(api, target, false);
    expect(Object.keys(configVersions)).toEqual([
      'ConfigMap/all',
      'ConfigMap/files',
      'ConfigMap/key',
      'ConfigMap/part',
    ]);
    expect(unreadable).toEqual([]);
    expect(asked.every((call) => call.startsWith('configmaps'))).toBe(true);
  });

  it('asks for metadata alone, and names the Secrets that it may not read', async () => {
    const { api, asked } = serving({ tokens: 403, hidden: 404 });
    const { configVersions, unreadable } = await configsOf(api, target, true);
    expect(configVersions).toMatchObject({ 'Secret/certificate': 'v-certificate', 'Secret/password': 'v-password' });
    expect(configVersions).not.toHaveProperty('Secret/hidden');
    expect(unreadable).toEqual(['Secret/tokens']);
    expect(asked.every((call) => call.endsWith('metadata'))).toBe(true);
  });
});
