import type { KubeObject, LabelSelector, OwnerReference, Resource } from '../../kube/object.ts';
import { selects } from '../selectors.ts';
import type { ControllerApi } from './context.ts';

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return (object.metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
}

interface Owner extends KubeObject {
  spec: { selector: LabelSelector; [field: string]: unknown };
}

/**
 * The objects that are the owner's: those it controls and selects, and orphans that it selects, which it adopts. What it
 * controls and no longer selects loses it as its owner.
 */
export function claim<T extends KubeObject>(api: ControllerApi, owner: Owner, resource: Resource, objects: T[]): T[] {
  return objects.flatMap((object) => claimOne(api, owner, resource, object) ?? []);
}

function claimOne<T extends KubeObject>(
  api: ControllerApi,
  owner: Owner,
  resource: Resource,
  object: T,
): T | undefined {
  const controller = controllerOf(object);
  const matches = selects(owner.spec.selector, object.metadata.labels);
  const leaving = owner.metadata.deletionTimestamp !== undefined;
  if (controller !== undefined) {
    if (controller.uid !== owner.metadata.uid) return undefined;
    if (!matches && !leaving) release(api, owner, resource, object);
    return matches ? object : undefined;
  }
  if (leaving || !matches || object.metadata.deletionTimestamp !== undefined) return undefined;
  // As the real ones ask before they adopt: the cache may be behind.
  if (!api.stands(owner.metadata.uid ?? '')) return undefined;
  return adopt(api, owner, resource, object);
}

function release(api: ControllerApi, owner: Owner, resource: Resource, object: KubeObject): void {
  api.update(resource, object, ({ metadata }) => {
    metadata.ownerReferences = (metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
  });
}

function adopt<T extends KubeObject>(api: ControllerApi, owner: Owner, resource: Resource, object: T): T {
  const { apiVersion, kind, metadata } = owner;
  const reference: OwnerReference = {
    apiVersion,
    kind,
    name: metadata.name,
    uid: metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
  return api.update<T>(resource, object, (copy) => {
    copy.metadata.ownerReferences = [...(copy.metadata.ownerReferences ?? []), reference];
  });
}
