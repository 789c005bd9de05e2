import type { GetOptions, KubeApi } from '../kube/api.ts';
import { isForbidden, isNotFound } from '../kube/errors.ts';
import { findReadable } from '../kube/find.ts';
import { type Deployment, type KubeObject, type Resource, resources } from '../kube/object.ts';
import type { Clock } from '../lib/clock.ts';
import { configsOf } from './configs.ts';
import { claimNames } from './preflight.ts';
import type { Surroundings } from './snapshot.ts';

export interface SurroundingsOptions {
  /** Changes of Secrets contaminate a comparison too. Needs the right to get them; their content is never asked for. */
  trackSecrets?: boolean;
}

/** Reads what preflight and the control need beside the target; answers from memory for a while. */
export interface SurroundingsReader {
  read(target: Deployment): Promise<Omit<Surroundings, 'namesakes'>>;
}

/** Shorter than the pause between two passes of a running release: a change before the last one is seen. */
const keptMilliseconds = 4000;
/** A tool may be installed later than Tandem. */
const servedMilliseconds = 600_000;
const rollouts: Resource = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  plural: 'rollouts',
  namespaced: true,
};
const flagger: Resource = { apiVersion: 'flagger.app/v1beta1', kind: 'Canary', plural: 'canaries', namespaced: true };

export function createSurroundingsReader(
  api: KubeApi,
  clock: Clock,
  options: SurroundingsOptions = {},
): SurroundingsReader {
  const kept = new Map<string, { at: number; generation: number; value: Omit<Surroundings, 'namesakes'> }>();
  const served = new Map<string, { at: number; found: boolean }>();
  /** By namespace: the releases in it share one list. */
  const services = new Map<string, { at: number; selectors: Promise<Selector[] | undefined> }>();

  async function read(target: Deployment): Promise<Omit<Surroundings, 'namesakes'>> {
    const uid = target.metadata.uid ?? '';
    const generation = target.metadata.generation ?? 0;
    const last = kept.get(uid);
    if (last !== undefined && last.generation === generation && clock.now() - last.at < keptMilliseconds)
      return last.value;
    const listed = servicesIn(target.metadata.namespace ?? '');
    const [drivers, claims, selectors, configs] = await Promise.all([
      driversOf(target),
      claimsOf(api, target),
      listed.selectors,
      configsOf(api, target, options.trackSecrets === true),
    ]);
    const value = { drivers, claims, serviceSelects: isSelected(target, selectors), ...configs };
    // As old as the oldest of it.
    kept.set(uid, { at: listed.at, generation, value });
    return value;
  }

  function servicesIn(namespace: string): { at: number; selectors: Promise<Selector[] | undefined> } {
    const known = services.get(namespace);
    if (known !== undefined && clock.now() - known.at < keptMilliseconds) return known;
    const selectors = serviceSelectors(api, namespace);
    const entry = { at: clock.now(), selectors };
    services.set(namespace, entry);
    // A failure is nobody else's.
    selectors.catch(() => services.get(namespace) === entry && services.delete(namespace));
    return entry;
  }

  async function isServed(resource: Resource): Promise<boolean> {
    const known = served.get(resource.apiVersion);
    if (known !== undefined && clock.now() - known.at < servedMilliseconds) return known.found;
    const found = (await api.discover(resource.apiVersion)).some((item) => item.plural === resource.plural);
    served.set(resource.apiVersion, { at: clock.now(), found });
    return found;
  }

  async function driversOf(target: Deployment): Promise<string[]> {
    const found: string[] = [];
    for (const resource of [rollouts, flagger]) {
      if (!(await isServed(resource))) continue;
      const items = await listed(api, resource, target.metadata.namespace ?? '');
      const driving = items.filter((item) => drives(item, target.metadata.name));
      found.push(...driving.map((item) => `${resource.kind} ${item.metadata.name}`));
    }
    return found;
  }

  return { read };
}

/** Argo's workloadRef and Flagger's targetRef have the same shape. */
function drives(item: KubeObject, name: string): boolean {
  const spec = item['spec'] as Record<string, { kind?: string; name?: string } | undefined> | undefined;
  const ref = spec?.['workloadRef'] ?? spec?.['targetRef'];
  return ref?.kind === 'Deployment' && ref.name === name;
}

/** What Tandem may not read is not known: no refusal and no warning follow from it. */
async function listed(api: KubeApi, resource: Resource, namespace: string): Promise<KubeObject[]> {
  try {
    return (await api.list(resource, { namespace })).items;
  } catch (error) {
    if (isForbidden(error) || isNotFound(error)) return [];
    throw error;
  }
}

async function claimsOf(api: KubeApi, target: Deployment): Promise<Record<string, string[]>> {
  const claims: Record<string, string[]> = {};
  for (const name of claimNames(target)) {
    const claim = await readable(api, resources.persistentVolumeClaims, target, name);
    const modes = (claim?.['spec'] as { accessModes?: string[] } | undefined)?.accessModes;
    if (modes !== undefined) claims[name] = modes;
  }
  return claims;
}

function readable(
  api: KubeApi,
  resource: Resource,
  target: Deployment,
  name: string,
  options: GetOptions = {},
): Promise<KubeObject | undefined> {
  return findReadable(api, resource, { namespace: target.metadata.namespace ?? '', name }, options);
}

type Selector = Record<string, string>;

/** Of all Services of a namespace; undefined where Tandem may not read them. */
async function serviceSelectors(api: KubeApi, namespace: string): Promise<Selector[] | undefined> {
  try {
    const services = await api.list(resources.services, { namespace });
    return services.items.map((service) => (service['spec'] as { selector?: Selector } | undefined)?.selector ?? {});
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

function isSelected(target: Deployment, selectors: readonly Selector[] | undefined): boolean | undefined {
  const labels = target.spec.template.metadata?.labels ?? {};
  return selectors?.some((selector) => {
    const pairs = Object.entries(selector);
    return pairs.length > 0 && pairs.every(([key, value]) => labels[key] === value);
  });
}
