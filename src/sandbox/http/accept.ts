import { ApiError } from '../../kube/errors.ts';

/** In which form a client wants an answer. */
export interface Form {
  encoding: 'json' | 'yaml';
  /** `Table`, `PartialObjectMetadata`, `APIGroupDiscoveryList`, ...: the object turned into something else. */
  as: string | undefined;
  group: string;
  version: string;
}

const ENCODINGS: Record<string, Form['encoding']> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/*': 'json',
  '*/*': 'json',
};

function parseOne(text: string): { type: string; parameters: Map<string, string> } {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map(
    rest.map((part): [string, string] => {
      const cut = part.indexOf('=');
      return [part.slice(0, cut).trim().toLowerCase(), part.slice(cut + 1).trim()];
    }),
  );
  return { type: type.toLowerCase(), parameters };
}

/**
 * The first form in an Accept header that can be served. `offered` says which conversions there are
 * (`Table.v1.meta.k8s.io`); what is as it is stored is always offered. Throws 406.
 */
export function negotiate(accept: string | undefined, offered: readonly string[]): Form {
  if (accept === undefined || accept.trim() === '') return PLAIN;
  for (const one of accept.split(',')) {
    const { type, parameters } = parseOne(one);
    const encoding = ENCODINGS[type];
    if (encoding === undefined) continue;
    const as = parameters.get('as');
    if (as === undefined) return { ...PLAIN, encoding };
    const [group = '', version = ''] = [parameters.get('g'), parameters.get('v')];
    if (offered.includes(`${as}.${version}.${group}`)) return { encoding, as, group, version };
  }
  const message =
    'only the following media types are accepted: application/json, application/yaml (the sandbox has no protobuf and no CBOR)';
  throw new ApiError(406, 'NotAcceptable', message);
}

/** The Content-Type of an answer in that form. */
export function contentTypeOf({ encoding, as, group, version }: Form): string {
  const type = `application/${encoding}`;
  return as === undefined ? type : `${type};g=${group};v=${version};as=${as}`;
}

/** JSON as it is: the form of answers that know no other. */
export const PLAIN: Form = { encoding: 'json', as: undefined, group: '', version: '' };
