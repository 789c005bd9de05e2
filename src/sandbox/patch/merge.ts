import { clone, type Fields, isFields } from '../json.ts';

/** RFC 7386: null removes, objects merge, everything else replaces. The parts of the answer may be shared with `target`. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return clone(patch);
  const result: Fields = isFields(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = mergePatch(result[key], value);
  }
  return result;
}
