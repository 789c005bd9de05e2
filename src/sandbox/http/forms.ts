import { ApiError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Form } from './accept.ts';
import type { Page } from './list.ts';
import { metadataOf, type Presentation } from './presentation.ts';
import { type Served, shown } from './served.ts';
import { tableOf } from './table/table.ts';

/** The forms in which objects can be asked for. */
export const OBJECT_FORMS = [
  'Table.v1.meta.k8s.io',
  'Table.v1beta1.meta.k8s.io',
  'PartialObjectMetadata.v1.meta.k8s.io',
  'PartialObjectMetadataList.v1.meta.k8s.io',
] as const;

function isMetadata({ as }: Form): boolean {
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList';
}

/** One object in the form that was asked for. Without `columns` a table leaves their definitions out. */
export function presentObject(served: Served, object: KubeObject, how: Presentation, columns = true): unknown {
  const visible = shown(served, object);
  if (isMetadata(how.form)) return metadataOf(visible);
  if (how.form.as !== 'Table') return visible;
  const { resourceVersion = '' } = object.metadata;
  return tableOf(served, [visible], { resourceVersion }, how, columns);
}

/** In lists of Kubernetes' own kinds the items do not say what they are. */
function withoutType(object: KubeObject): Record<string, unknown> {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  return rest;
}

/** A list in the form that was asked for. */
export function presentList(served: Served, page: Page, how: Presentation): unknown {
  const metadata = {
    resourceVersion: String(page.version),
    ...(page.next === undefined ? {} : { continue: page.next }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  };
  const visible = page.items.map((object) => shown(served, object));
  if (how.form.as === 'Table') return tableOf(served, visible, metadata, how, true);
  if (isMetadata(how.form)) {
    const items = visible.map(metadataOf);
    return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items };
  }
  const items = served.stored.builtin ? visible.map(withoutType) : visible;
  return { kind: served.listKind, apiVersion: served.apiVersion, metadata, items };
}

/** Reads includeObject. Throws 400. */
export function includeObjectOf(query: URLSearchParams): string {
  const value = query.get('includeObject') ?? 'Metadata';
  if (['None', 'Metadata', 'Object', ''].includes(value)) return value === '' ? 'Metadata' : value;
  throw new ApiError(400, 'BadRequest', `unrecognized includeObject value: ${JSON.stringify(value)}`);
}
