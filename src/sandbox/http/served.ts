import { type KubeObject, type Resource, resources } from '../../kube/object.ts';
import type { ApiContext } from '../api.ts';
import { customResourceDefinitions } from '../crd/crd.ts';
import { asFields, asList, at } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import { groupOf } from '../server/failures.ts';
import { coreEvents, type View } from './core-events.ts';

/** A resource as clients see it. */
export interface Served extends Resource {
  /** The kind under which its objects are stored. */
  stored: Kind;
  listKind: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  verbs: string[];
  /** Present where objects look otherwise than they are stored. */
  view: View | undefined;
}

interface Names {
  shortNames?: string[];
  categories?: string[];
}

const ALL = ['all'];
const POLICIES = ['api-extensions'];

const NAMES: Record<string, Names> = {
  deployments: { shortNames: ['deploy'], categories: ALL },
  replicasets: { shortNames: ['rs'], categories: ALL },
  pods: { shortNames: ['po'], categories: ALL },
  services: { shortNames: ['svc'], categories: ALL },
  namespaces: { shortNames: ['ns'] },
  configmaps: { shortNames: ['cm'] },
  serviceaccounts: { shortNames: ['sa'] },
  resourcequotas: { shortNames: ['quota'] },
  persistentvolumeclaims: { shortNames: ['pvc'] },
  events: { shortNames: ['ev'] },
  customresourcedefinitions: { shortNames: ['crd', 'crds'], categories: POLICIES },
  mutatingadmissionpolicies: { categories: POLICIES },
  mutatingadmissionpolicybindings: { categories: POLICIES },
  validatingadmissionpolicies: { categories: POLICIES },
  validatingadmissionpolicybindings: { categories: POLICIES },
};

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const UNCHANGING = VERBS.filter((verb) => verb !== 'patch' && verb !== 'update');

function textList(value: unknown): string[] {
  return asList(value).filter((one): one is string => typeof one === 'string');
}

function crdOf(context: ApiContext, kind: Kind): KubeObject | undefined {
  const name = `${kind.plural}.${groupOf(kind.apiVersion)}`;
  return context.store.get(customResourceDefinitions, undefined, name);
}

function describe(context: ApiContext, stored: Kind): Served {
  const { apiVersion, kind, plural, namespaced } = stored;
  const base = { apiVersion, kind, plural, namespaced, stored, verbs: VERBS, view: undefined };
  if (stored.builtin) {
    const { shortNames = [], categories = [] } = NAMES[plural] ?? {};
    return { ...base, listKind: `${kind}List`, singular: kind.toLowerCase(), shortNames, categories };
  }
  const names = asFields(at(crdOf(context, stored), 'spec', 'names'));
  const text = (field: string, fallback: string): string =>
    typeof names[field] === 'string' ? names[field] : fallback;
  return {
    ...base,
    listKind: text('listKind', `${kind}List`),
    singular: text('singular', kind.toLowerCase()),
    shortNames: textList(names['shortNames']),
    categories: textList(names['categories']),
  };
}

/** Whether clients get to see a kind: a custom one only while its CustomResourceDefinition is there. */
function isDefined(kind: Kind): boolean {
  return kind.builtin || kind.schema !== undefined;
}

/** The Events of the core group are those of events.k8s.io with other names for their fields. */
function asCore(events: Served): Served {
  return { ...events, apiVersion: 'v1', verbs: UNCHANGING, view: coreEvents };
}

function isEvents({ apiVersion, plural }: Served): boolean {
  return apiVersion === resources.events.apiVersion && plural === resources.events.plural;
}

/** Everything that is served now. */
export function servedResources(context: ApiContext): Served[] {
  return context.registry
    .all()
    .filter(isDefined)
    .map((kind) => describe(context, kind))
    .flatMap((served) => (isEvents(served) ? [asCore(served), served] : [served]));
}

/** One resource, undefined when it is not served. */
export function findServed(context: ApiContext, apiVersion: string, plural: string): Served | undefined {
  const isCoreEvent = apiVersion === 'v1' && plural === resources.events.plural;
  const kinds = context.registry.served(isCoreEvent ? resources.events.apiVersion : apiVersion);
  const kind = kinds.find((one) => one.plural === plural && isDefined(one));
  if (kind === undefined) return undefined;
  const served = describe(context, kind);
  return isCoreEvent ? asCore(served) : served;
}

/** An object as a client sees it. */
export function shown(served: Served, object: KubeObject): KubeObject {
  return served.view === undefined ? object : served.view.show(object);
}
