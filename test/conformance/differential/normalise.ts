import { canonical, equal, type Fields, isFields } from '../../../src/sandbox/json.ts';
import type { Answer, Reply } from './operation.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const REVISION = 'deployment.kubernetes.io/revision';
const ADDRESSES = ['clusterIP', 'clusterIPs'];

function isOfController(entry: unknown): boolean {
  return isFields(entry) && entry['manager'] === 'kube-controller-manager';
}

/** Field managers as a set: who, how, and which fields. */
function managersOf(entries: unknown[]): Fields {
  const known = entries.filter((entry) => isFields(entry) && !isOfController(entry)) as Fields[];
  return Object.fromEntries(
    known
      .map(({ manager, operation, subresource = '', fieldsV1 }): [string, unknown] => [
        `${String(manager)} ${String(operation)} ${String(subresource)}`.trim(),
        fieldsV1,
      ])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function address(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(address);
  return value === 'None' || value === '' ? value : '<address>';
}

/** Without what differs from one run to the next. */
function steady(value: unknown, namespace: string): unknown {
  if (typeof value === 'string') {
    if (TIME.test(value)) return '<time>';
    const text = value.replaceAll(namespace, '<namespace>').replaceAll(UID, '<uid>');
    return text.replaceAll(/\bgen-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, 'gen-<random>');
  }
  if (Array.isArray(value)) return value.map((item) => steady(item, namespace));
  if (!isFields(value)) return value;
  const entries = Object.entries(value).flatMap(([name, field]): [string, unknown][] => {
    switch (name) {
      case 'resourceVersion':
      case 'continue':
        return field === '' ? [] : [[name, `<${name}>`]];
      case 'managedFields':
        return [[name, managersOf(Array.isArray(field) ? field : [])]];
      case REVISION:
        return [];
      default:
        if (ADDRESSES.includes(name)) return [[name, address(field)]];
        return [[name, steady(field, namespace)]];
    }
  });
  return Object.fromEntries(entries);
}

/** A Deployment's status is its controller's, which works when it likes. */
function withoutController(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(withoutController);
  if (!isFields(body)) return body;
  const result: Fields = Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, withoutController(value)]),
  );
  if (body['kind'] === 'Deployment') delete result['status'];
  if (body['kind'] === 'DeploymentList' && Array.isArray(result['items'])) {
    result['items'] = result['items'].map((item) => ({ ...(item as Fields), status: undefined }));
  }
  const annotations = result['annotations'];
  if (isFields(annotations) && Object.keys(annotations).length === 0) delete result['annotations'];
  return result;
}

/** The failure's reason and the fields that it is about; what it says in words may differ. */
function failure(body: Fields): Fields {
  const details = isFields(body['details']) ? body['details'] : {};
  const causes = (Array.isArray(details['causes']) ? details['causes'] : []) as Fields[];
  const fields = causes.map(({ reason, field }) => `${String(reason)} ${String(field)}`).toSorted();
  return { kind: 'Status', reason: body['reason'], causes: fields };
}

export function normalise({ status, warnings, body }: Reply, namespace: string): Answer {
  const told = isFields(body) && body['kind'] === 'Status' && body['status'] === 'Failure' ? failure(body) : body;
  // With a failure they are of no use.
  return { status, warnings: status < 300 ? warnings.length : 0, body: withoutController(steady(told, namespace)) };
}

/** Events of a watch; what only a controller changed is not told. */
export function normaliseEvents(events: unknown[], namespace: string): unknown[] {
  const steadied = withoutController(steady(events, namespace)) as unknown[];
  return steadied.filter((event, index) => {
    const before = steadied[index - 1];
    return before === undefined || !equal(before, event);
  });
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = canonical(value);
  return text.length > 600 ? `${text.slice(0, 600)}...` : text;
}

/** Where two values differ, one line each: path, what the first has, what the second has. */
export function differences(a: unknown, b: unknown, path = ''): string[] {
  if (equal(a, b)) return [];
  if (isFields(a) && isFields(b)) {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted();
    return names.flatMap((name) => differences(a[name], b[name], `${path}.${name}`));
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    return a.flatMap((item, index) => differences(item, b[index], `${path}[${index}]`));
  }
  return [`${path}: ${show(a)} | ${show(b)}`];
}
