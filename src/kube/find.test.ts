import { expect, it } from 'vitest';
import type { KubeApi } from './api.ts';
import { ApiError } from './errors.ts';
import { findObject, findReadable } from './find.ts';
import { type KubeObject, resources } from './object.ts';

const ref = { namespace: 'shop', name: 'checkout' };
const found = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'checkout' } };

function answering(answer: KubeObject | ApiError): Pick<KubeApi, 'get'> {
  const get = (): Promise<KubeObject> =>
    answer instanceof ApiError ? Promise.reject(answer) : Promise.resolve(answer);
  return { get: get as KubeApi['get'] };
}

it.each([
  ['an object', found, found, found],
  ['none', new ApiError(404, 'NotFound', 'none'), undefined, undefined],
  ['one that may not be read', new ApiError(403, 'Forbidden', 'no'), 'Forbidden', undefined],
  ['a failure', new ApiError(500, 'InternalError', 'down'), 'InternalError', 'InternalError'],
])('%s', async (_, answer, object, readable) => {
  const ask = (find: typeof findObject): Promise<unknown> =>
    find(answering(answer), resources.deployments, ref).catch((error: unknown) => (error as ApiError).reason);

  expect(await ask(findObject)).toEqual(object);
  expect(await ask(findReadable)).toEqual(readable);
});
