import type { GetOptions, KubeApi, ObjectRef } from './api.ts';
import { isForbidden, isNotFound } from './errors.ts';
import type { KubeObject, Resource } from './object.ts';

/** An object, or undefined where there is none. Rejects with any other ApiError. */
export async function findObject<T extends KubeObject>(
  api: Pick<KubeApi, 'get'>,
  resource: Resource,
  ref: ObjectRef,
  options?: GetOptions,
): Promise<T | undefined> {
  try {
    return await api.get<T>(resource, ref, options);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** An object, or undefined where there is none or it may not be read: what can be done without it is done so. */
export async function findReadable<T extends KubeObject>(
  api: Pick<KubeApi, 'get'>,
  resource: Resource,
  ref: ObjectRef,
  options?: GetOptions,
): Promise<T | undefined> {
  try {
    return await findObject<T>(api, resource, ref, options);
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}
