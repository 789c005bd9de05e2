import type { KubeObject, Resource } from '../../kube/object.ts';
import { asList, at } from '../json.ts';
import { defineKind, type Kind } from '../kinds/kind.ts';
import { dropEmpty } from '../kinds/normalise.ts';
import type { Problem } from '../server/failures.ts';
import type { Store } from '../store/store.ts';
import { type CelEnvironment, createCelEnvironment } from './cel.ts';
import { compilePolicy, type Policy } from './policy.ts';

const GROUP = 'admissionregistration.k8s.io';

export type PolicyVersion = 'v1' | 'v1beta1' | 'none';

export interface BoundPolicy {
  policy: Policy;
  binding: string;
  /** Deny, Warn, Audit; empty for mutating ones. */
  actions: unknown[];
}

export interface Policies {
  kinds: Kind[];
  mutating(): BoundPolicy[];
  validating(): BoundPolicy[];
}

function resourceOf(version: string, kind: string, plural: string): Resource {
  return { apiVersion: `${GROUP}/${version}`, kind, plural, namespaced: false };
}

function bindingProblems(object: KubeObject): Problem[] {
  return ['paramRef', 'matchResources'].flatMap((field) =>
    at(object, 'spec', field) === undefined
      ? []
      : [{ path: `spec.${field}`, message: `Forbidden: the sandbox does not implement ${field}` }],
  );
}

/** The policies that are stored and bound, compiled once each. A mutating one needs its API to be served. */
export function createPolicies(store: Store, version: PolicyVersion): Policies {
  const environment: CelEnvironment = createCelEnvironment('admission');
  const compiled = new Map<string, Policy>();
  const validate = (object: KubeObject): Problem[] => compilePolicy(environment, object).problems;
  const define = (apiVersion: string, name: 'Mutating' | 'Validating'): [Kind, Kind] => [
    defineKind(resourceOf(apiVersion, `${name}AdmissionPolicy`, `${name.toLowerCase()}admissionpolicies`), {
      normalise: dropEmpty,
      tracked: true,
      generation: 'spec',
      validate,
    }),
    defineKind(
      resourceOf(apiVersion, `${name}AdmissionPolicyBinding`, `${name.toLowerCase()}admissionpolicybindings`),
      { normalise: dropEmpty, tracked: true, validate: bindingProblems },
    ),
  ];
  const validatingKinds = define('v1', 'Validating');
  const mutatingKinds = define(version === 'none' ? 'v1' : version, 'Mutating');

  function policyOf(object: KubeObject): Policy {
    const key = `${object.metadata.uid}/${object.metadata.resourceVersion}`;
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const { policy } = compilePolicy(environment, object);
    compiled.set(key, policy);
    return policy;
  }

  function read([policies, bindings]: [Kind, Kind]): BoundPolicy[] {
    return store.list(bindings).flatMap((binding) => {
      const object = store.get(policies, undefined, String(at(binding, 'spec', 'policyName')));
      if (object === undefined) return [];
      const actions = asList(at(binding, 'spec', 'validationActions'));
      return [{ policy: policyOf(object), binding: binding.metadata.name, actions }];
    });
  }

  // Every write asks for them, and they hardly ever change.
  let known = new Map<Kind, BoundPolicy[]>();
  store.subscribe(({ resource }) => {
    if (resource.apiVersion.startsWith(GROUP)) known = new Map();
  });

  function bound(kinds: [Kind, Kind]): BoundPolicy[] {
    const present = known.get(kinds[0]) ?? read(kinds);
    known.set(kinds[0], present);
    return present;
  }

  return {
    kinds: [...validatingKinds, ...(version === 'none' ? [] : mutatingKinds)],
    mutating: () => (version === 'none' ? [] : bound(mutatingKinds)),
    validating: () => bound(validatingKinds),
  };
}
