import type { ApiContext } from '../api.ts';
import { groupOf } from '../server/failures.ts';
import { reviews } from './reviews.ts';
import { type Served, servedResources } from './served.ts';

interface Subresource {
  name: string;
  group: string;
  version: string;
  kind: string;
  verbs: string[];
}

/** A resource as discovery lists it. */
interface Listed {
  apiVersion: string;
  plural: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  shortNames: string[];
  categories: string[];
  subresources: Subresource[];
}

export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

const OF_PARTS = ['get', 'patch', 'update'];

function subresourcesOf({ stored, apiVersion, kind, plural }: Served): Subresource[] {
  const group = groupOf(apiVersion);
  const own = { group, version: versionOf(apiVersion), kind };
  const status = stored.status ? [{ name: 'status', ...own, verbs: OF_PARTS }] : [];
  const scaleKind = { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale' };
  const scale = stored.scale ? [{ ...scaleKind, verbs: OF_PARTS }] : [];
  const log = group === '' && plural === 'pods' ? [{ name: 'log', ...own, verbs: ['get'] }] : [];
  return [...status, ...scale, ...log];
}

function listed(context: ApiContext): Listed[] {
  const stored = servedResources(context).map((served) => ({ ...served, subresources: subresourcesOf(served) }));
  const questions = reviews.map(({ apiVersion, kind, plural, namespaced }) => {
    const names = { singular: kind.toLowerCase(), shortNames: [], categories: [], subresources: [] };
    return { apiVersion, kind, plural, namespaced, verbs: ['create'], ...names };
  });
  return [...stored, ...questions];
}

/** The groups in the order in which they are preferred: Kubernetes' own before others, each with its versions. */
function groupsOf(resources: Listed[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { apiVersion } of resources) {
    const group = groupOf(apiVersion);
    const versions = groups.get(group) ?? [];
    if (!versions.includes(apiVersion)) versions.push(apiVersion);
    groups.set(group, versions);
  }
  const rank = (group: string): number => (group === 'apps' ? 0 : group === 'events.k8s.io' ? 1 : 2);
  const own = (group: string): number => (group.endsWith('.k8s.io') || !group.includes('.') ? 0 : 1);
  const order = [...groups.keys()].toSorted((a, b) => own(a) - own(b) || rank(a) - rank(b) || a.localeCompare(b));
  return new Map(order.map((group) => [group, groups.get(group) ?? []]));
}

function groupEntry(name: string, versions: string[]): Record<string, unknown> {
  const all = versions.map((groupVersion) => ({ groupVersion, version: versionOf(groupVersion) }));
  return { name, versions: all, preferredVersion: all[0] };
}

/** `/apis`: the groups, without the core one. */
export function groupList(context: ApiContext): Record<string, unknown> {
  const groups = [...groupsOf(listed(context))].filter(([group]) => group !== '');
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map(([group, versions]) => groupEntry(group, versions)),
  };
}

/** `/apis/GROUP`, undefined when it is not served. */
export function groupOne(context: ApiContext, group: string): Record<string, unknown> | undefined {
  const versions = groupsOf(listed(context)).get(group);
  if (group === '' || versions === undefined) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group, versions) };
}

/** `/api` */
export function coreVersions(address: string): Record<string, unknown> {
  const servers = [{ clientCIDR: '0.0.0.0/0', serverAddress: address }];
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: servers };
}

/** `/api/v1` or `/apis/GROUP/VERSION`, undefined when it is not served. */
export function resourceList(context: ApiContext, apiVersion: string): Record<string, unknown> | undefined {
  const found = listed(context).filter((resource) => resource.apiVersion === apiVersion);
  if (found.length === 0) return undefined;
  const resources = found.flatMap((one) => {
    const { plural, singular, namespaced, kind, verbs, shortNames, categories } = one;
    const main = {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
    };
    const parts = one.subresources.map((part) => ({
      name: `${plural}/${part.name}`,
      singularName: '',
      namespaced,
      ...(part.kind === kind ? {} : { group: part.group, version: part.version }),
      kind: part.kind,
      verbs: part.verbs,
    }));
    return [main, ...parts];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersion, resources };
}

function aggregatedResource(one: Listed): Record<string, unknown> {
  const kindOf = (apiVersion: string, kind: string): Record<string, string> => ({
    group: groupOf(apiVersion),
    version: versionOf(apiVersion),
    kind,
  });
  const subresources = one.subresources.map(({ name, group, version, kind, verbs }) => ({
    subresource: name,
    responseKind: { group, version, kind },
    verbs,
  }));
  return {
    resource: one.plural,
    responseKind: kindOf(one.apiVersion, one.kind),
    scope: one.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: one.singular,
    verbs: one.verbs,
    ...(one.shortNames.length === 0 ? {} : { shortNames: one.shortNames }),
    ...(one.categories.length === 0 ? {} : { categories: one.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

/** `/api` (the core group) or `/apis` (the others) in one answer with all resources: APIGroupDiscoveryList. */
export function aggregated(context: ApiContext, core: boolean, version: string): Record<string, unknown> {
  const all = listed(context);
  const groups = [...groupsOf(all)].filter(([group]) => (group === '') === core);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map((apiVersion) => ({
        version: versionOf(apiVersion),
        resources: all.filter((one) => one.apiVersion === apiVersion).map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  };
}
