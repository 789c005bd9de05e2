import type { KubeApi } from '../../kube/api.ts';
import type { KubeObject, Resource } from '../../kube/object.ts';
import { CliError, exitCodes } from '../exit.ts';

/** Something that a person must be allowed to do. */
export interface Right {
  verb: string;
  resource: Resource;
  /** Absent: in all namespaces, or of a cluster-wide kind. */
  namespace?: string | undefined;
}

const reviews: Resource = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
};

/** Throws CliError that lists every right that is missing, before anything is written. */
export async function assertRights(api: KubeApi, rights: Right[]): Promise<void> {
  const unique = [...new Map(rights.map((right) => [sentence(right), right])).entries()];
  const answers = await Promise.all(unique.map(async ([text, right]) => ((await mayDo(api, right)) ? [] : [text])));
  const missing = answers.flat();
  if (missing.length === 0) return;
  throw new CliError(
    exitCodes.failure,
    `you may not ${missing.join('; ')}`,
    'ask for the role cluster-admin, or for a role with these verbs; nothing was written',
  );
}

async function mayDo(api: KubeApi, { verb, resource, namespace }: Right): Promise<boolean> {
  const { apiVersion, plural } = resource;
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const resourceAttributes = { verb, group, resource: plural, ...(namespace === undefined ? {} : { namespace }) };
  // A review is a question: it has no name and is not stored.
  const review = { apiVersion: reviews.apiVersion, kind: reviews.kind, metadata: {}, spec: { resourceAttributes } };
  const answer = await api.create<KubeObject & { status?: { allowed?: boolean } }>(
    reviews,
    review as unknown as KubeObject,
  );
  return answer.status?.allowed === true;
}

function sentence({ verb, resource, namespace }: Right): string {
  return `${verb} ${resource.plural}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}
