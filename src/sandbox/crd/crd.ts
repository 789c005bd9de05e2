import type { KubeObject, Resource } from '../../kube/object.ts';
import { createCelEnvironment } from '../admission/cel.ts';
import { asFields, asList, at, equal, isFields } from '../json.ts';
import { defineKind, type Kind } from '../kinds/kind.ts';
import { dropEmpty } from '../kinds/normalise.ts';
import type { Registry } from '../kinds/registry.ts';
import { type Problem, reasonOf } from '../server/failures.ts';
import type { Store } from '../store/store.ts';
import { fillDefaults, prune, type Schema, unknownKeywords } from './schema.ts';
import { compileRules, validateRules, validateValue } from './validate.ts';

export const customResourceDefinitions: Resource = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

function servedVersions(crd: KubeObject): Record<string, unknown>[] {
  return asList(at(crd, 'spec', 'versions')).filter(
    (version): version is Record<string, unknown> => isFields(version) && version['served'] !== false,
  );
}

/** After these the rules are not looked at. */
const BLOCKING = ['NotSupported', 'Required', 'TooLong', 'TooMany', 'TypeInvalid'].map((name) => `FieldValue${name}`);

function isBlocking(problem: Problem): boolean {
  return BLOCKING.includes(reasonOf(problem));
}

const UNCHECKED: Problem = {
  path: '<nil>',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

/** The kind that one version of a CRD defines, with what is wrong with its schema. */
function kindOf(crd: KubeObject, version: Record<string, unknown>): { kind: Kind; problems: Problem[] } {
  const names = asFields(at(crd, 'spec', 'names'));
  const schema = (at(version, 'schema', 'openAPIV3Schema') ?? {}) as Schema;
  const path = `spec.versions[${String(version['name'])}].schema.openAPIV3Schema`;
  const problems = unknownKeywords(schema, path).map((keyword) => ({
    path: keyword,
    message: 'Forbidden: the sandbox does not implement this keyword',
  }));
  const rules = compileRules(createCelEnvironment('schema'), schema, path, problems);
  const status = at(version, 'subresources', 'status') !== undefined;
  const root: Schema = { ...schema, properties: { ...schema.properties, metadata: {} } };
  delete root['x-kubernetes-validations'];
  const kind = defineKind(
    {
      apiVersion: `${String(at(crd, 'spec', 'group'))}/${String(version['name'])}`,
      kind: String(names['kind']),
      plural: String(names['plural']),
      namespaced: at(crd, 'spec', 'scope') === 'Namespaced',
    },
    {
      status,
      builtin: false,
      tracked: true,
      unconditionalUpdate: false,
      generation: status ? 'allButStatus' : 'none',
      schema: root,
      columns: asList(version['additionalPrinterColumns']),
      normalise(object) {
        dropEmpty(object.metadata);
        for (const name of Object.keys(object)) {
          if (name === 'metadata' || name === 'kind' || name === 'apiVersion') continue;
          const property = schema.properties?.[name];
          if (property !== undefined) prune(object[name], property);
          else if (schema['x-kubernetes-preserve-unknown-fields'] !== true) delete object[name];
        }
        fillDefaults(object, { properties: { ...schema.properties, metadata: {} } });
      },
      validate(object, old) {
        const found = validateValue(object, root, '');
        if (rules.size > 0 && found.some(isBlocking)) return [...found, UNCHECKED];
        return [...found, ...validateRules(rules, schema, '', object, old)];
      },
    },
  );
  return { kind, problems };
}

function crdProblems(crd: KubeObject): Problem[] {
  const name = `${String(at(crd, 'spec', 'names', 'plural'))}.${String(at(crd, 'spec', 'group'))}`;
  const problems = servedVersions(crd).flatMap((version) => kindOf(crd, version).problems);
  if (crd.metadata.name === name) return problems;
  return [{ path: 'metadata.name', message: `Invalid value: must be spec.names.plural+"."+spec.group` }, ...problems];
}

/** What is stored is served at once. */
function establish(crd: KubeObject): void {
  const versions = servedVersions(crd).filter(({ storage }) => storage === true);
  crd['status'] = {
    ...asFields(crd['status']),
    conditions: ['NamesAccepted', 'Established'].map((type) => ({ type, status: 'True' })),
    storedVersions: versions.map(({ name }) => name),
  };
}

/** Serves CustomResourceDefinitions: what is defined by those that are stored can be stored itself. */
export function serveCrds(registry: Registry, store: Store): void {
  registry.register(
    defineKind(customResourceDefinitions, {
      status: true,
      tracked: true,
      generation: 'spec',
      normalise: establish,
      validate: crdProblems,
    }),
  );
  store.subscribe((event) => {
    if (event.resource.plural !== customResourceDefinitions.plural) return;
    if (event.type !== 'ADDED' && equal(event.before?.['spec'], event.object['spec']) && event.type !== 'DELETED')
      return;
    for (const version of servedVersions(event.before ?? event.object))
      registry.unregister(kindOf(event.object, version).kind);
    if (event.type === 'DELETED') return;
    for (const version of servedVersions(event.object)) registry.register(kindOf(event.object, version).kind);
  });
}
