import type { ApiContext } from '../api.ts';
import { canonical, type Fields } from '../json.ts';
import { fnv32a } from '../random.ts';
import { groupOf } from '../server/failures.ts';
import { versionOf } from './discovery.ts';
import { type Served, servedResources } from './served.ts';

function pathOf(apiVersion: string): string {
  return apiVersion === 'v1' ? 'api/v1' : `apis/${apiVersion}`;
}

interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

function identityOf({ apiVersion, kind }: Served): GroupVersionKind {
  return { group: groupOf(apiVersion), version: versionOf(apiVersion), kind };
}

function schemaName(served: Served): string {
  const { group, version, kind } = identityOf(served);
  return `${[...group.split('.').toReversed(), version].filter((part) => part !== '').join('.')}.${kind}`;
}

const FIELD_VALIDATION = {
  name: 'fieldValidation',
  in: 'query',
  description: 'What to do about fields that are unknown or given twice: Ignore, Warn or Strict.',
  schema: { type: 'string', uniqueItems: true },
};

function operation(served: Served, action: string, parameters: unknown[]): Fields {
  return {
    parameters,
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': identityOf(served),
  };
}

/** The paths by which clients learn what is validated here, and of what kind the objects of a path are. */
function pathsOf(served: Served): Fields {
  const space = served.namespaced ? '/namespaces/{namespace}' : '';
  const collection = `/${pathOf(served.apiVersion)}${space}/${served.plural}`;
  return {
    [collection]: { get: operation(served, 'list', []), post: operation(served, 'post', [FIELD_VALIDATION]) },
    [`${collection}/{name}`]: {
      get: operation(served, 'get', []),
      put: operation(served, 'put', [FIELD_VALIDATION]),
      patch: operation(served, 'patch', [FIELD_VALIDATION]),
    },
  };
}

const METADATA = {
  type: 'object',
  description: "Standard object's metadata: name, namespace, labels, annotations and what the server adds.",
};

function schemaOf(served: Served): Fields {
  const { schema } = served.stored;
  const text = { type: 'string' };
  const properties = { apiVersion: text, kind: text, metadata: METADATA, ...withoutMetadata(schema?.properties) };
  return { ...schema, type: 'object', properties, 'x-kubernetes-group-version-kind': [identityOf(served)] };
}

function withoutMetadata(properties: object | undefined): Fields {
  const { metadata: _, ...rest } = (properties ?? {}) as Fields;
  return rest;
}

/** The OpenAPI v3 document of a group and version, undefined when it is not served. */
export function openapiDocument(context: ApiContext, apiVersion: string): Fields | undefined {
  const all = servedResources(context).filter((served) => served.apiVersion === apiVersion);
  if (all.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'sandbox' },
    paths: Object.assign({}, ...all.map(pathsOf)) as Fields,
    components: { schemas: Object.fromEntries(all.map((served) => [schemaName(served), schemaOf(served)])) },
  };
}

/** `/openapi/v3`: where the documents are. Their addresses change with their contents, for clients that keep them. */
export function openapiIndex(context: ApiContext): Fields {
  const versions = [...new Set(servedResources(context).map(({ apiVersion }) => apiVersion))];
  const paths = versions.map((apiVersion) => {
    const hash = fnv32a(canonical(openapiDocument(context, apiVersion))).toString(16);
    return [pathOf(apiVersion), { serverRelativeURL: `/openapi/v3/${pathOf(apiVersion)}?hash=${hash}` }];
  });
  return { paths: Object.fromEntries(paths) as Fields };
}
