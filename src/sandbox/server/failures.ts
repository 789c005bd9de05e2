import { ApiError } from '../../kube/errors.ts';
import type { Resource } from '../../kube/object.ts';

export interface Problem {
  /** `spec.template.spec.containers[0].image` */
  path: string;
  message: string;
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** `deployments.apps`, or `pods`. */
export function groupResource(resource: Resource): string {
  const group = groupOf(resource.apiVersion);
  return group === '' ? resource.plural : `${resource.plural}.${group}`;
}

/** `Deployment.apps`, or `Pod`. */
function groupKind(resource: Resource): string {
  const group = groupOf(resource.apiVersion);
  return group === '' ? resource.kind : `${resource.kind}.${group}`;
}

/** What an answer is about. */
export function detailsOf(resource: Resource, name: string): { name: string; group?: string; kind: string } {
  const group = groupOf(resource.apiVersion);
  return { name, ...(group === '' ? {} : { group }), kind: resource.plural };
}

export function notFound(resource: Resource, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${groupResource(resource)} "${name}" not found`, {
    details: detailsOf(resource, name),
  });
}

export function alreadyExists(resource: Resource, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${groupResource(resource)} "${name}" already exists`, {
    details: detailsOf(resource, name),
  });
}

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export function conflict(resource: Resource, name: string, message = MODIFIED): ApiError {
  const text = `Operation cannot be fulfilled on ${groupResource(resource)} "${name}": ${message}`;
  return new ApiError(409, 'Conflict', text, { details: detailsOf(resource, name) });
}

/** How a message begins, and the reason that it stands for. */
const REASONS: [string, string][] = [
  ['Required value', 'FieldValueRequired'],
  ['Duplicate value', 'FieldValueDuplicate'],
  ['Unsupported value', 'FieldValueNotSupported'],
  ['Forbidden', 'FieldValueForbidden'],
  ['Not found', 'FieldValueNotFound'],
  ['Too long', 'FieldValueTooLong'],
  ['Too many', 'FieldValueTooMany'],
];

/** The reason of a cause. */
export function reasonOf({ message }: Problem): string {
  if (/^Invalid value.* must be of type /s.test(message)) return 'FieldValueTypeInvalid';
  return REASONS.find(([start]) => message.startsWith(start))?.[1] ?? 'FieldValueInvalid';
}

/** A refusal of a request's options, such as `ListOptions`. */
export function invalidOptions(options: string, path: string, message: string): ApiError {
  const problem = { path, message };
  return new ApiError(422, 'Invalid', `${options}.meta.k8s.io "" is invalid: ${path}: ${message}`, {
    details: { group: 'meta.k8s.io', kind: options, causes: [{ reason: reasonOf(problem), field: path, message }] },
  });
}

/** A failure that the API server does not classify: 500 without a reason. */
export function unclassified(message: string): ApiError {
  return new ApiError(500, '', message);
}

export function invalid(resource: Resource, name: string, problems: Problem[]): ApiError {
  const texts = problems.map(({ path, message }) => `${path}: ${message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new ApiError(422, 'Invalid', `${groupKind(resource)} "${name}" is invalid: ${list}`, {
    details: {
      ...detailsOf(resource, name),
      kind: resource.kind,
      causes: problems.map((problem) => ({ reason: reasonOf(problem), field: problem.path, message: problem.message })),
    },
  });
}

/** What a patch makes is no object of its kind. */
export function invalidPatch(problem: string): ApiError {
  const message = `Invalid value: ${problem}`;
  return new ApiError(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
    details: { causes: [{ reason: 'FieldValueInvalid', field: 'patch', message }] },
  });
}

export function forbidden(
  resource: Resource,
  name: string,
  message: string,
  causes: { reason?: string; message?: string; field?: string }[] = [],
): ApiError {
  return new ApiError(403, 'Forbidden', `${groupResource(resource)} "${name}" is forbidden: ${message}`, {
    details: { ...detailsOf(resource, name), ...(causes.length === 0 ? {} : { causes }) },
  });
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function unsupportedPatch(message: string): ApiError {
  return new ApiError(415, 'UnsupportedMediaType', message);
}

/** What the real API does and the sandbox does not. */
export function notImplemented(message: string): ApiError {
  return new ApiError(501, 'NotImplemented', `the sandbox does not implement this: ${message}`);
}

export function expired(version: number): ApiError {
  return new ApiError(410, 'Expired', `too old resource version: ${version}`);
}
