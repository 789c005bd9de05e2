import type { KubeObject } from '../../kube/object.ts';
import type { Form } from './accept.ts';

/** How objects are to be shown to one client. */
export interface Presentation {
  form: Form;
  /** Of a table: whether its rows carry the objects. */
  includeObject: string;
  /** Milliseconds since the epoch, for ages. */
  now: number;
}

export function metadataOf(object: KubeObject): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
