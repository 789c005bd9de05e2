import type { CanaryRelease } from '../api/schema.ts';

/**
 * Whether nothing but the figures of a running comparison has changed: Tandem wrote them itself, in the pass before, and
 * the next round of the source brings a pass anyway.
 */
export function changesOnlyFigures(before: CanaryRelease | undefined, after: CanaryRelease): boolean {
  if (before?.status?.analysis === undefined || after.status?.analysis === undefined) return false;
  return withoutFigures(before) === withoutFigures(after);
}

function withoutFigures({ spec, metadata, status }: CanaryRelease): string {
  const { resourceVersion: _, ...rest } = metadata;
  const { analysis: __, message: ____, conditions = [], ...told } = status ?? {};
  // Sentences have figures in them.
  return JSON.stringify([spec, rest, told, conditions.map(({ message: ___, ...condition }) => condition)]);
}
