import type { Resource } from '../../kube/object.ts';
import type { ApiContext } from '../api.ts';
import { asFields, asList, at, type Fields } from '../json.ts';
import type { Identity } from '../server/context.ts';
import { badRequest } from '../server/failures.ts';

/** A question in the form of an object: it is posted, answered in its status, and not stored. */
export interface Review extends Resource {
  answer(context: ApiContext, user: Identity, spec: Fields): Fields;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isAllowed(context: ApiContext, username: string, spec: Fields): Fields {
  const { verb, group, resource, subresource, namespace, name } = asFields(spec['resourceAttributes']);
  const allowed = context.authorize({
    username,
    verb: text(verb),
    group: text(group),
    resource: text(resource),
    subresource: text(subresource),
    namespace: text(namespace),
    name: text(name),
  });
  return { allowed };
}

function define(group: string, kind: string, namespaced: boolean, answer: Review['answer']): Review {
  const plural = `${kind.toLowerCase()}s`;
  return { apiVersion: `${group}/v1`, kind, plural, namespaced, answer };
}

const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };

/** The sandbox has no RBAC: the function given to `createSandbox` answers, and without it everything is allowed. */
export const reviews: Review[] = [
  define('authorization.k8s.io', 'SelfSubjectAccessReview', false, (context, user, spec) =>
    isAllowed(context, user.username, spec),
  ),
  define('authorization.k8s.io', 'SubjectAccessReview', false, (context, _, spec) =>
    isAllowed(context, text(spec['user']), spec),
  ),
  define('authorization.k8s.io', 'LocalSubjectAccessReview', true, (context, _, spec) =>
    isAllowed(context, text(spec['user']), spec),
  ),
  define('authorization.k8s.io', 'SelfSubjectRulesReview', false, () => ({
    resourceRules: [everything],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  })),
  define('authentication.k8s.io', 'SelfSubjectReview', false, (_, user) => ({
    userInfo: { username: user.username, groups: [...asList(user.groups)] },
  })),
];

/** The review with its answer. */
export function answerReview(context: ApiContext, review: Review, user: Identity, body: unknown): Fields {
  if (at(body, 'kind') !== review.kind) throw badRequest(`the body is no ${review.kind}`);
  const given = asFields(body);
  return {
    ...given,
    apiVersion: review.apiVersion,
    metadata: asFields(given['metadata']),
    status: review.answer(context, user, asFields(given['spec'])),
  };
}
