import { equal } from '../json.ts';

/**
 * A merged list in the order that the API server gives it: the items that were written in the order of `wanted`, and
 * each other one before the first of them that it preceded in `server`.
 */
export function interleave(
  list: unknown[],
  wanted: unknown[],
  server: unknown[],
  idOf: (item: unknown) => unknown,
): unknown[] {
  const placeOf = (item: unknown): number => server.findIndex((id) => equal(id, idOf(item)));
  const written = wanted.flatMap((id) => list.filter((item) => equal(idOf(item), id)));
  const rest = list
    .filter((item) => !wanted.some((id) => equal(id, idOf(item))))
    .toSorted((a, b) => placeOf(a) - placeOf(b));
  const merged: unknown[] = [];
  while (written.length > 0 || rest.length > 0) {
    const [next, other] = [written[0], rest[0]];
    const otherFirst =
      next === undefined || (other !== undefined && placeOf(next) >= 0 && placeOf(other) < placeOf(next));
    merged.push(otherFirst ? rest.shift() : written.shift());
  }
  return merged;
}
