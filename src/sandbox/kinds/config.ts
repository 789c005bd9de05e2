import { type KubeObject, resources } from '../../kube/object.ts';
import { asFields, at, equal, isFields } from '../json.ts';
import type { Problem } from '../server/failures.ts';
import { defineKind, type Kind } from './kind.ts';
import { dropEmpty } from './normalise.ts';

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

function keyProblems(object: KubeObject, field: string): Problem[] {
  return Object.keys(asFields(object[field]))
    .filter((key) => !KEY.test(key) || key === '.' || key.startsWith('..'))
    .map((key) => ({
      path: `${field}[${key}]`,
      message: `Invalid value: ${JSON.stringify(key)}: a valid config key must consist of alphanumeric characters, '-', '_' or '.'`,
    }));
}

/** What was made immutable stays so, with what it holds. */
function immutableProblems(object: KubeObject, old: KubeObject | undefined, fields: string[]): Problem[] {
  if (old?.['immutable'] !== true) return [];
  const message = 'Forbidden: field is immutable when `immutable` is set';
  const changed = fields.filter((field) => !equal(object[field] ?? {}, old[field] ?? {}));
  return [...(object['immutable'] === true ? [] : ['immutable']), ...changed].map((path) => ({ path, message }));
}

function configMapProblems(object: KubeObject, old: KubeObject | undefined): Problem[] {
  const both = Object.keys(asFields(object['data'])).filter((key) => key in asFields(object['binaryData']));
  return [
    ...immutableProblems(object, old, ['data', 'binaryData']),
    ...keyProblems(object, 'data'),
    ...both.map((key) => ({
      path: `data[${key}]`,
      message: `Invalid value: ${JSON.stringify(key)}: duplicate of key present in binaryData`,
    })),
    ...keyProblems(object, 'binaryData'),
  ];
}

export const configMaps: Kind = defineKind(resources.configMaps, {
  tracked: true,
  normalise: dropEmpty,
  validate: configMapProblems,
});

/** Keys that a Secret of a type must have. */
const NEEDED: Record<string, string[]> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
};

/** Plain texts become data, as the API server stores them. */
function normaliseSecret(object: KubeObject): void {
  const texts = asFields(object['stringData']);
  if (Object.keys(texts).length > 0) {
    const data = isFields(object['data']) ? object['data'] : {};
    for (const [key, text] of Object.entries(texts)) data[key] = Buffer.from(String(text)).toString('base64');
    object['data'] = data;
  }
  delete object['stringData'];
  dropEmpty(object);
  if (!object['type']) object['type'] = 'Opaque';
}

function secretProblems(object: KubeObject, old: KubeObject | undefined): Problem[] {
  const type = String(object['type']);
  const missing = (NEEDED[type] ?? []).filter((key) => at(object, 'data', key) === undefined);
  const changed = old !== undefined && old['type'] !== type;
  return [
    ...(changed ? [{ path: 'type', message: `Invalid value: ${JSON.stringify(type)}: field is immutable` }] : []),
    ...immutableProblems(object, old, ['data']),
    ...keyProblems(object, 'data'),
    ...missing.map((key) => ({ path: `data[${key}]`, message: 'Required value' })),
  ];
}

export const secrets: Kind = defineKind(resources.secrets, {
  tracked: true,
  normalise: normaliseSecret,
  validate: secretProblems,
});
