import { type Fields, isFields } from '../json.ts';

/** Maps that the API's types leave out when empty. Other empty objects mean something (`emptyDir: {}`). */
const MAPS = new Set([
  'labels',
  'annotations',
  'matchLabels',
  'nodeSelector',
  'limits',
  'requests',
  'data',
  'binaryData',
  'stringData',
  'hard',
  'used',
]);
/** Plain values that the API's types leave out when they are zero. */
const ZEROES: Record<string, unknown> = {
  paused: false,
  minReadySeconds: 0,
  hostNetwork: false,
  hostPID: false,
  hostIPC: false,
  stdin: false,
  tty: false,
  readOnly: false,
  subPath: '',
};

function saysNothing(key: string, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (isFields(value)) return MAPS.has(key) && Object.keys(value).length === 0;
  return key in ZEROES && ZEROES[key] === value;
}

/**
 * Drops what Kubernetes' own types do not write: null, empty lists, empty maps, false and 0 of some fields. The values
 * of labels, data and the like are left alone. Writes to its argument.
 */
export function dropEmpty(object: Fields): void {
  for (const [key, value] of Object.entries(object)) {
    if (key === 'managedFields') continue;
    if (saysNothing(key, value)) {
      delete object[key];
      continue;
    }
    if (Array.isArray(value)) for (const item of value) dropEmptyItem(item);
    else if (isFields(value) && !MAPS.has(key)) dropEmpty(value);
    if (saysNothing(key, object[key])) delete object[key];
  }
}

function dropEmptyItem(item: unknown): void {
  if (isFields(item)) dropEmpty(item);
}
