import type { KubeObject, LabelSelector } from '../../kube/object.ts';
import { asFields, asList, at, isFields } from '../json.ts';
import { matchesAll } from '../selectors.ts';
import type { Admitted } from '../server/context.ts';
import { groupOf, type Problem } from '../server/failures.ts';
import { type CelEnvironment, type CelProgram, compileCel } from './cel.ts';

interface Named {
  name: string;
  program: CelProgram;
}

export interface Validation {
  program: CelProgram;
  expression: string;
  message: string | undefined;
  messageProgram: CelProgram | undefined;
  reason: string;
}

/** A policy with its expressions compiled. */
export interface Policy {
  name: string;
  failurePolicy: 'Fail' | 'Ignore';
  reinvoke: boolean;
  matches(request: Admitted): boolean;
  conditions: Named[];
  variables: Named[];
  mutations: CelProgram[];
  validations: Validation[];
}

interface Rule {
  apiGroups: unknown[];
  apiVersions: unknown[];
  resources: unknown[];
  operations: unknown[];
}

function includes(list: unknown[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

function matchesRule(rule: Rule, { kind, subresource, operation }: Admitted): boolean {
  const group = groupOf(kind.apiVersion);
  const version = kind.apiVersion.slice(group === '' ? 0 : group.length + 1);
  const resource = subresource === '' ? kind.plural : `${kind.plural}/${subresource}`;
  return (
    includes(rule.apiGroups, group) &&
    includes(rule.apiVersions, version) &&
    (includes(rule.resources, resource) || rule.resources.includes('*/*')) &&
    includes(rule.operations, operation)
  );
}

/** The object or the one before it: a write that removes the label is matched by it. */
function matchesSelector(selector: unknown, { object, oldObject }: Admitted): boolean {
  if (!isFields(selector)) return true;
  const labels = (one: KubeObject | undefined): boolean =>
    one !== undefined && matchesAll(selector as LabelSelector, one.metadata.labels);
  return labels(object) || labels(oldObject);
}

function matcherOf(constraints: unknown): (request: Admitted) => boolean {
  const given = asFields(constraints);
  const rules = asList(given['resourceRules']).map((rule): Rule => {
    const { apiGroups, apiVersions, resources, operations } = asFields(rule);
    return {
      apiGroups: asList(apiGroups),
      apiVersions: asList(apiVersions),
      resources: asList(resources),
      operations: asList(operations),
    };
  });
  return (request) =>
    rules.some((rule) => matchesRule(rule, request)) && matchesSelector(given['objectSelector'], request);
}

const UNSUPPORTED: [string[], string][] = [
  [['spec', 'paramKind'], 'parameters'],
  [['spec', 'matchConstraints', 'excludeResourceRules'], 'excludeResourceRules'],
  [['spec', 'matchConstraints', 'namespaceSelector', 'matchLabels'], 'namespaceSelector'],
  [['spec', 'matchConstraints', 'namespaceSelector', 'matchExpressions'], 'namespaceSelector'],
];

/** Compiles a policy. What the sandbox cannot do is a problem, so that nothing is installed that would not work. */
export function compilePolicy(
  environment: CelEnvironment,
  object: KubeObject,
): { policy: Policy; problems: Problem[] } {
  const problems: Problem[] = [];
  for (const [path, what] of UNSUPPORTED) {
    if (at(object, ...path) !== undefined) {
      problems.push({ path: path.join('.'), message: `Forbidden: the sandbox does not implement ${what}` });
    }
  }
  const compile = (expression: unknown, path: string): CelProgram => {
    try {
      return compileCel(environment, String(expression));
    } catch (error) {
      const message = `Invalid value: ${JSON.stringify(expression)}: compilation failed: ${(error as Error).message}`;
      problems.push({ path, message });
      return { evaluate: () => undefined };
    }
  };
  const spec = asFields(object['spec']);
  const named = (field: string): Named[] =>
    asList(spec[field]).map((entry, index) => ({
      name: String(asFields(entry)['name']),
      program: compile(asFields(entry)['expression'], `spec.${field}[${index}].expression`),
    }));
  const policy: Policy = {
    name: object.metadata.name,
    failurePolicy: spec['failurePolicy'] === 'Ignore' ? 'Ignore' : 'Fail',
    reinvoke: spec['reinvocationPolicy'] === 'IfNeeded',
    matches: matcherOf(spec['matchConstraints']),
    conditions: named('matchConditions'),
    variables: named('variables'),
    mutations: mutationsOf(spec['mutations'], compile, problems),
    validations: validationsOf(spec['validations'], compile),
  };
  return { policy, problems };
}

type Compile = (expression: unknown, path: string) => CelProgram;

function mutationsOf(mutations: unknown, compile: Compile, problems: Problem[]): CelProgram[] {
  return asList(mutations).flatMap((mutation, index) => {
    const path = `spec.mutations[${index}]`;
    const { patchType, jsonPatch } = asFields(mutation);
    if (patchType === 'JSONPatch') return [compile(asFields(jsonPatch)['expression'], `${path}.jsonPatch.expression`)];
    const message = `Forbidden: the sandbox implements patchType JSONPatch only, not ${String(patchType)}`;
    problems.push({ path: `${path}.patchType`, message });
    return [];
  });
}

function validationsOf(validations: unknown, compile: Compile): Validation[] {
  return asList(validations).map((validation, index) => {
    const { expression, message, messageExpression, reason } = asFields(validation);
    const path = `spec.validations[${index}]`;
    return {
      program: compile(expression, `${path}.expression`),
      expression: String(expression),
      message: typeof message === 'string' ? message : undefined,
      messageProgram:
        messageExpression === undefined ? undefined : compile(messageExpression, `${path}.messageExpression`),
      reason: typeof reason === 'string' ? reason : 'Invalid',
    };
  });
}
