import { ApiError } from '../../kube/errors.ts';
import { type KubeObject, resources } from '../../kube/object.ts';
import { clone, equal, type Fields } from '../json.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import type { Admission, Admitted } from '../server/context.ts';
import { forbidden, groupOf } from '../server/failures.ts';
import type { Store } from '../store/store.ts';
import type { BoundPolicy, Policies } from './bindings.ts';
import { type Authorize, CelAuthorizer, type CelVariables, toCel } from './cel.ts';
import type { Policy, Validation } from './policy.ts';

/** A mutating webhook of a test: answers the object as it shall be, or undefined to leave it; throws to refuse. */
export type Webhook = (request: Admitted) => KubeObject | undefined;

/** A warning that the API server sent with an answer. */
export interface Warning {
  username: string;
  message: string;
}

export interface AdmissionOptions {
  store: Store;
  policies: Policies;
  webhooks: Webhook[];
  authorize: Authorize;
  warn(warning: Warning): void;
}

const CODES: Record<string, number> = { Invalid: 422, Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

function requestOf(request: Admitted): Fields {
  const { kind, user } = request;
  const group = groupOf(kind.apiVersion);
  const version = kind.apiVersion.slice(group === '' ? 0 : group.length + 1);
  return {
    operation: request.operation,
    name: request.name,
    namespace: request.namespace ?? '',
    subResource: request.subresource,
    dryRun: request.dryRun,
    userInfo: { username: user.username, groups: user.groups ?? [] },
    kind: { group, version, kind: kind.kind },
    resource: { group, version, resource: kind.plural },
    options: clone(request.options ?? {}),
  };
}

function questionOf({ user }: Admitted): CelAuthorizer['question'] {
  return { username: user.username, verb: '', group: '', resource: '', subresource: '', namespace: '', name: '' };
}

/** A field that is worked out when it is first read. */
function defineLazy(target: Fields, name: string, make: () => unknown): void {
  let known: { value: unknown } | undefined;
  const get = (): unknown => {
    known ??= { value: make() };
    return known.value;
  };
  Object.defineProperty(target, name, { enumerable: true, get });
}

/** What the expressions of a policy see; its variables are worked out when they are first read. */
function variablesOf(policy: Policy, request: Admitted, options: AdmissionOptions): CelVariables {
  const { store, authorize } = options;
  const space =
    request.namespace === undefined ? undefined : store.get(resources.namespaces, undefined, request.namespace);
  const lazy: Fields = {};
  const variables: CelVariables = {
    request: toCel(requestOf(request)),
    authorizer: new CelAuthorizer(authorize, questionOf(request)),
    variables: lazy,
  };
  defineLazy(variables, 'object', () => toCel(request.object ?? null));
  defineLazy(variables, 'oldObject', () => toCel(request.oldObject ?? null));
  defineLazy(variables, 'namespaceObject', () => toCel(space ?? null));
  for (const { name, program } of policy.variables) defineLazy(lazy, name, () => toCel(program.evaluate(variables)));
  return variables;
}

/** Runs `work`; an evaluation error refuses the request, or is passed over where the policy says so. */
function guarded(policy: Policy, request: Admitted, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (policy.failurePolicy === 'Ignore') return;
    const message = `policy '${policy.name}' failed: ${(error as Error).message}`;
    throw forbidden(request.kind, request.name, message);
  }
}

function meetsConditions(policy: Policy, variables: CelVariables): boolean {
  return policy.conditions.every(({ program }) => program.evaluate(variables) === true);
}

/** Answers whether the policy was asked: it matched, whatever it changed. */
function mutateBy(policy: Policy, request: Admitted, options: AdmissionOptions): boolean {
  if (!policy.matches(request)) return false;
  let invoked = false;
  guarded(policy, request, () => {
    for (const mutation of policy.mutations) {
      const variables = variablesOf(policy, request, options);
      if (!meetsConditions(policy, variables)) return;
      invoked = true;
      const patch = mutation.evaluate(variables);
      if (Array.isArray(patch) && patch.length === 0) continue;
      request.object = jsonPatch(request.object, patch) as KubeObject;
    }
  });
  return invoked;
}

function runWebhooks(request: Admitted, webhooks: Webhook[]): boolean {
  let changed = false;
  for (const webhook of webhooks) {
    const answer = webhook({ ...request, object: clone(request.object) });
    if (answer === undefined || equal(answer, request.object)) continue;
    request.object = clone(answer);
    changed = true;
  }
  if (changed && request.object !== undefined) request.kind.normalise(request.object);
  return changed;
}

function mutate(request: Admitted, options: AdmissionOptions): void {
  const given = request.object;
  const again = options.policies.mutating().filter(({ policy }) => {
    return mutateBy(policy, request, options) && policy.reinvoke;
  });
  if (request.object !== undefined && request.object !== given) request.kind.normalise(request.object);
  if (!runWebhooks(request, options.webhooks)) return;
  for (const { policy } of again) mutateBy(policy, request, options);
}

function messageOf(validation: Validation, variables: CelVariables): string {
  const fallback = validation.message ?? `failed expression: ${validation.expression.trim()}`;
  if (validation.messageProgram === undefined) return fallback;
  try {
    const message = validation.messageProgram.evaluate(variables);
    return typeof message === 'string' && message.trim() !== '' ? message : fallback;
  } catch {
    return fallback;
  }
}

function refuse(bound: BoundPolicy, validation: Validation, variables: CelVariables, request: Admitted): ApiError {
  const names = `ValidatingAdmissionPolicy '${bound.policy.name}' with binding '${bound.binding}'`;
  const message = messageOf(validation, variables);
  const refusal = forbidden(request.kind, request.name, `${names} denied request: ${message}`);
  return new ApiError(CODES[validation.reason] ?? 422, validation.reason, refusal.message, {
    details: { ...refusal.details, causes: [{ message }] },
  });
}

function validateBy(bound: BoundPolicy, request: Admitted, options: AdmissionOptions): void {
  const { policy, actions, binding } = bound;
  if (!policy.matches(request)) return;
  guarded(policy, request, () => {
    const variables = variablesOf(policy, request, options);
    if (!meetsConditions(policy, variables)) return;
    for (const validation of policy.validations) {
      if (validation.program.evaluate(variables) === true) continue;
      if (actions.includes('Warn')) {
        const names = `ValidatingAdmissionPolicy '${policy.name}' with binding '${binding}'`;
        const message = `Validation failed for ${names}: ${messageOf(validation, variables)}`;
        options.warn({ username: request.user.username, message });
      }
      if (actions.includes('Deny')) throw refuse(bound, validation, variables, request);
    }
  });
}

/** Refuses pods beyond a ResourceQuota's `pods` or `count/pods`. Ended pods do not count. */
function checkQuota(request: Admitted, store: Store): void {
  if (request.operation !== 'CREATE' || request.kind.plural !== resources.pods.plural) return;
  const quotas = { apiVersion: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', namespaced: true };
  for (const quota of store.list(quotas, request.namespace ?? '')) {
    const hard = (quota['spec'] as { hard?: Record<string, string | number> } | undefined)?.hard ?? {};
    for (const name of ['count/pods', 'pods']) {
      const limit = hard[name];
      if (limit === undefined) continue;
      const used = store.list(resources.pods, request.namespace).filter((pod) => {
        const phase = (pod['status'] as { phase?: string } | undefined)?.phase;
        return name === 'count/pods' || (phase !== 'Failed' && phase !== 'Succeeded');
      }).length;
      if (used + 1 <= Number(limit)) continue;
      const what = `exceeded quota: ${quota.metadata.name}, requested: ${name}=1, used: ${name}=${used}, limited: ${name}=${limit}`;
      throw forbidden(request.kind, request.name, what);
    }
  }
}

/** Admission as the API server runs it: mutating policies, webhooks, the policies again, then validation and quota. */
export function createAdmission(options: AdmissionOptions): Admission {
  return {
    mutate: (request) => mutate(request, options),
    validate(request) {
      for (const bound of options.policies.validating()) validateBy(bound, request, options);
      checkQuota(request, options.store);
    },
  };
}
