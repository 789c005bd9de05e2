import type { Deployment, KubeObject } from '../kube/object.ts';

/** What is kept of a target: enough to wake by. What is decided on is read from the API. */
export type TargetHead = KubeObject & Pick<Deployment, 'status'>;

/** Who an object is, without what it is to be: templates of a thousand targets would be most of the memory. */
export function headOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { annotations: _, managedFields: __, ...head } = metadata;
  return { apiVersion, kind, metadata: head };
}

export function headWithStatus(target: TargetHead): TargetHead {
  const { status } = target;
  return { ...headOf(target), ...(status === undefined ? {} : { status }) };
}
