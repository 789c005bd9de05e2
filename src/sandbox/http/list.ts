import { ApiError } from '../../kube/errors.ts';
import type { KubeObject, Resource } from '../../kube/object.ts';
import { isFields } from '../json.ts';
import { parseSelectors } from '../selectors.ts';
import { badRequest, expired, invalidOptions } from '../server/failures.ts';
import type { Store } from '../store/store.ts';
import { wholeNumber } from './request.ts';

/** A list, or one page of it. */
export interface Page {
  version: number;
  items: KubeObject[];
  /** Token of the next page. */
  next: string | undefined;
  /** How many objects are left after this page; unknown where selectors left some out. */
  remaining: number | undefined;
}

interface Position {
  version: number;
  /** The last object of the page before. */
  after: string;
}

const EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.';

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** The objects as they were at a version; undefined when the changes since then are not remembered any more. */
function listAt(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  version: number,
): KubeObject[] | undefined {
  const present = store.list(resource, namespace);
  if (version === store.version()) return present;
  const changes = store.since(resource, version);
  if (changes === undefined) return undefined;
  const objects = new Map(present.map((object) => [keyOf(object), object]));
  for (const { object, before } of changes.toReversed()) {
    if (namespace !== undefined && object.metadata.namespace !== namespace) continue;
    if (before === undefined) objects.delete(keyOf(object));
    else objects.set(keyOf(before), before);
  }
  // As the store orders: by namespace, then by name.
  const order = (a: KubeObject, b: KubeObject): number =>
    compare(a.metadata.namespace ?? '', b.metadata.namespace ?? '') || compare(a.metadata.name, b.metadata.name);
  return [...objects.values()].toSorted(order);
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function readToken(token: string): Position {
  try {
    const position: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (isFields(position) && typeof position['version'] === 'number' && typeof position['after'] === 'string') {
      return { version: position['version'], after: position['after'] };
    }
  } catch {
    // Told below.
  }
  throw badRequest('continue key is not valid');
}

function writeToken(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Reads resourceVersion. Throws 400, and 504 for a version that is still to come. */
export function readVersion(store: Store, text: string | null): number | undefined {
  if (text === null || text === '' || text === '0') return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}`);
  const version = Number(text);
  if (version <= store.version()) return version;
  const message = `Too large resource version: ${version}, current: ${store.version()}`;
  throw new ApiError(504, 'Timeout', `Timeout: ${message}`, {
    retryAfterSeconds: 1,
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] },
  });
}

/** As the API server checks resourceVersionMatch. Throws 422. */
function checkMatch(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  if (match === '') return;
  const refuse = (message: string): ApiError => invalidOptions('ListOptions', 'resourceVersionMatch', message);
  if (version === '') {
    throw refuse('Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if ((query.get('continue') ?? '') !== '') {
    throw refuse('Forbidden: resourceVersionMatch is forbidden when continue is provided');
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    throw refuse(`Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`);
  }
  if (match === 'Exact' && version === '0') {
    throw refuse('Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
}

/** Which version a list shows: that of its token, the exact one that was asked for, or the present. */
function versionWanted(store: Store, query: URLSearchParams, position: Position | undefined): number {
  checkMatch(query);
  const asked = readVersion(store, query.get('resourceVersion'));
  const match = query.get('resourceVersionMatch') ?? '';
  if (position !== undefined) {
    if (asked !== undefined) throw badRequest('specifying resource version is not allowed when using continue');
    return position.version;
  }
  return match === 'Exact' && asked !== undefined ? asked : store.version();
}

/** The list that a query asks for. Throws 400 and 410. */
export function listPage(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  query: URLSearchParams,
): Page {
  const limit = Math.max(wholeNumber(query, 'limit') ?? 0, 0);
  const token = query.get('continue') ?? '';
  const position = token === '' ? undefined : readToken(token);
  const version = versionWanted(store, query, position);
  const all = listAt(store, resource, namespace, version);
  if (all === undefined) {
    throw position === undefined ? expired(version) : new ApiError(410, 'Expired', EXPIRED);
  }
  const selected = all.filter(parseSelectors(selectorsOf(query)));
  const from = position === undefined ? 0 : selected.findIndex((object) => isAfter(object, position.after));
  const rest = from < 0 ? [] : selected.slice(from);
  if (limit === 0 || rest.length <= limit) return { version, items: rest, next: undefined, remaining: undefined };
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return {
    version,
    items,
    next: writeToken({ version, after: last === undefined ? '' : keyOf(last) }),
    remaining: selected.length === all.length ? rest.length - limit : undefined,
  };
}

function isAfter({ metadata }: KubeObject, key: string): boolean {
  const slash = key.indexOf('/');
  const inSpace = compare(metadata.namespace ?? '', key.slice(0, slash));
  return inSpace > 0 || (inSpace === 0 && compare(metadata.name, key.slice(slash + 1)) > 0);
}

/** The selectors of a query. */
export function selectorsOf(query: URLSearchParams): { labelSelector?: string; fieldSelector?: string } {
  const labelSelector = query.get('labelSelector') ?? '';
  const fieldSelector = query.get('fieldSelector') ?? '';
  return { ...(labelSelector === '' ? {} : { labelSelector }), ...(fieldSelector === '' ? {} : { fieldSelector }) };
}
