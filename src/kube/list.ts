import type { ListOptions } from './api.ts';
import { isGone } from './errors.ts';
import type { KubeList, KubeObject, Resource } from './object.ts';
import { collectionPath } from './paths.ts';
import type { Sender } from './sender.ts';

const PAGE_SIZE = 500;

interface Page {
  apiVersion?: string;
  kind?: string;
  metadata?: { resourceVersion?: string; continue?: string };
  items?: Partial<KubeObject>[] | null;
}

/** Items of a typed list carry neither kind nor version; objects elsewhere do. */
function completeItem<T extends KubeObject>(item: Partial<KubeObject>, resource: Resource): T {
  return { ...item, apiVersion: item.apiVersion ?? resource.apiVersion, kind: item.kind ?? resource.kind } as T;
}

async function listPages<T extends KubeObject>(
  sender: Sender,
  resource: Resource,
  options: ListOptions,
  limit: number | undefined,
): Promise<KubeList<T>> {
  const items: T[] = [];
  let next: string | undefined;
  for (;;) {
    const path = collectionPath(resource, options.namespace, {
      limit,
      continue: next,
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
    });
    const page = await sender.send<Page>({ method: 'GET', path, idempotent: true });
    for (const item of page.items ?? []) items.push(completeItem<T>(item, resource));
    next = page.metadata?.continue;
    if (next) continue;
    const resourceVersion = page.metadata?.resourceVersion;
    return {
      apiVersion: page.apiVersion ?? resource.apiVersion,
      kind: page.kind ?? `${resource.kind}List`,
      metadata: resourceVersion === undefined ? {} : { resourceVersion },
      items,
    };
  }
}

/** Every object of a resource, asked for in pages. */
export async function listAll<T extends KubeObject>(
  sender: Sender,
  resource: Resource,
  options: ListOptions,
): Promise<KubeList<T>> {
  try {
    return await listPages<T>(sender, resource, options, PAGE_SIZE);
  } catch (error) {
    if (!isGone(error)) throw error;
    // The pages took longer than the server keeps old versions: a second try in pages would end the same way.
    return listPages<T>(sender, resource, options, undefined);
  }
}
