import { ApiError } from '../kube/errors.ts';
import type { KubeObject, LabelSelector } from '../kube/object.ts';
import { at } from './json.ts';

type Labels = Record<string, string> | undefined;
export type Match = (object: KubeObject) => boolean;

interface Requirement {
  key: string;
  operator: string;
  values: string[];
}

function meets(labels: Labels, { key, operator, values }: Requirement): boolean {
  const value = labels?.[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** Whether labels meet a selector of an object's spec. An empty selector matches nothing here: see `matchesAll`. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined || isEmptySelector(selector)) return false;
  return matchesAll(selector, labels);
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}

/** As `selects`, but the empty selector matches everything, as in namespace and admission selectors. */
export function matchesAll(selector: LabelSelector, labels: Labels): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels?.[key] !== value) return false;
  return (selector.matchExpressions ?? []).every((expression) =>
    meets(labels, { key: expression.key, operator: expression.operator, values: expression.values ?? [] }),
  );
}

const SET_PATTERN = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/;
const EQUAL_PATTERN = /^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$/;

function parseRequirement(text: string): Requirement {
  const set = SET_PATTERN.exec(text);
  if (set !== null) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values };
  }
  const pair = EQUAL_PATTERN.exec(text);
  if (pair !== null)
    return { key: pair[1] ?? '', operator: pair[2] === '!=' ? 'NotIn' : 'In', values: [pair[3] ?? ''] };
  const absent = text.startsWith('!');
  const key = absent ? text.slice(1).trim() : text;
  if (!/^[A-Za-z0-9]([\w./-]*[A-Za-z0-9])?$/.test(key)) {
    throw new ApiError(400, 'BadRequest', `unable to parse requirement: ${JSON.stringify(text)} is no label selector`);
  }
  return { key, operator: absent ? 'DoesNotExist' : 'Exists', values: [] };
}

/** Parts at top-level commas: those within `in (a,b)` do not count. */
function splitParts(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function parseLabelSelector(text: string): Match {
  const requirements = splitParts(text).map(parseRequirement);
  return (object) => requirements.every((requirement) => meets(object.metadata.labels, requirement));
}

const FIELD_PATHS: Record<string, string[]> = {
  'metadata.name': ['metadata', 'name'],
  'metadata.namespace': ['metadata', 'namespace'],
  'spec.nodeName': ['spec', 'nodeName'],
  'status.phase': ['status', 'phase'],
  'involvedObject.name': ['regarding', 'name'],
  'involvedObject.namespace': ['regarding', 'namespace'],
  'involvedObject.kind': ['regarding', 'kind'],
  'involvedObject.uid': ['regarding', 'uid'],
  'regarding.name': ['regarding', 'name'],
  'regarding.uid': ['regarding', 'uid'],
  reason: ['reason'],
  type: ['type'],
};

function parseFieldSelector(text: string): Match {
  const tests = splitParts(text).map((part): Match => {
    const pair = EQUAL_PATTERN.exec(part);
    const path = FIELD_PATHS[pair?.[1] ?? ''];
    if (pair === null || path === undefined) {
      throw new ApiError(400, 'BadRequest', `field label not supported: ${JSON.stringify(part)}`);
    }
    const wanted = pair[3] ?? '';
    return (object) => ((at(object, ...path) ?? '') === wanted) === (pair[2] !== '!=');
  });
  return (object) => tests.every((test) => test(object));
}

/** The test of a list or watch. Throws 400 for what it cannot parse. */
export function parseSelectors(options: { labelSelector?: string; fieldSelector?: string }): Match {
  const byLabel = options.labelSelector === undefined ? undefined : parseLabelSelector(options.labelSelector);
  const byField = options.fieldSelector === undefined ? undefined : parseFieldSelector(options.fieldSelector);
  return (object) => byLabel?.(object) !== false && byField?.(object) !== false;
}
