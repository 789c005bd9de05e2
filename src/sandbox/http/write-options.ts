import { asFields, isFields } from '../json.ts';
import type { WriteRequest } from '../server/context.ts';
import type { DeleteRequest } from '../server/delete.ts';
import { badRequest, invalidOptions, notImplemented } from '../server/failures.ts';
import { parseBody } from './body.ts';
import { flag, type HttpRequest, numeric } from './request.ts';

function isDryRun(values: string[], options: string): boolean {
  const given = values.filter((value) => value !== '');
  const wrong = given.find((value) => value !== 'All');
  if (wrong !== undefined) {
    throw invalidOptions(options, 'dryRun', `Unsupported value: ${JSON.stringify(values)}: supported values: "All"`);
  }
  return given.length > 0;
}

/** The field manager where a request names none: the program of its User-Agent. */
function managerOf({ query, headers }: HttpRequest): string {
  return query.get('fieldManager') || (headers['user-agent'] ?? '').split('/')[0] || 'unknown';
}

/** The options of a create, update or patch. Throws 422. */
export function writeOptions(request: HttpRequest): WriteRequest & { dryRun: boolean } {
  const dryRun = isDryRun(request.query.getAll('dryRun'), 'WriteOptions');
  return { user: request.user, manager: managerOf(request), dryRun };
}

function policyOf(value: unknown): DeleteRequest['propagationPolicy'] {
  if (value === undefined || value === null || value === '') return undefined;
  if (value === 'Background' || value === 'Foreground' || value === 'Orphan') return value;
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: "Foreground", "Background", "Orphan", "nil"`;
  throw invalidOptions('DeleteOptions', 'propagationPolicy', message);
}

/** The options of a delete, from its body or, without one, its query. Throws 400, 422 and 501. */
export async function deleteOptions(request: HttpRequest): Promise<DeleteRequest> {
  const { query } = request;
  const body = parseBody(await request.body(), request.headers['content-type']);
  if (body !== undefined && !isFields(body)) throw badRequest('the body of a deletion is a DeleteOptions');
  const options = asFields(body);
  if (options['ignoreStoreReadErrorWithClusterBreakingPotential'] === true) {
    throw notImplemented('ignoreStoreReadErrorWithClusterBreakingPotential');
  }
  const preconditions = asFields(options['preconditions']);
  const orphans = options['orphanDependents'] === true || flag(query, 'orphanDependents');
  const policy =
    policyOf(options['propagationPolicy'] ?? query.get('propagationPolicy')) ?? (orphans ? 'Orphan' : undefined);
  const grace = options['gracePeriodSeconds'] ?? numeric(query, 'gracePeriodSeconds');
  const { uid, resourceVersion } = preconditions;
  const dryRuns = Array.isArray(options['dryRun']) ? options['dryRun'].map(String) : query.getAll('dryRun');
  return {
    user: request.user,
    manager: managerOf(request),
    dryRun: isDryRun(dryRuns, 'DeleteOptions'),
    ...(policy === undefined ? {} : { propagationPolicy: policy }),
    ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}
