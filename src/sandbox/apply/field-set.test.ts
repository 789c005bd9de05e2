import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deployments } from '../kinds/workloads.ts';
import { compare, fieldsOf, without } from './compare.ts';
import {
  difference,
  type FieldSet,
  fromFieldsV1,
  intersection,
  isEmptySet,
  pathsOf,
  toFieldsV1,
  union,
} from './field-set.ts';
import { structureOf } from './structure.ts';

const structure = structureOf(deployments);
const leaf = fc.constantFrom<unknown>(1, 2, 'x', true, ['a'], ['b', 'c']);
const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c'), leaf, { maxKeys: 3 });
const env = fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: leaf }), {
  selector: ({ name }) => name,
});
const value = fc.record({ labels, env, replicas: leaf }, { requiredKeys: [] });
const set = value.map((fields): FieldSet => fieldsOf(fields, structure));

describe('field sets', () => {
  it('are written and read as managedFields has them', () => {
    const fields = { spec: { replicas: 1, template: { spec: { containers: [{ name: 'app', image: 'x' }] } } } };
    const written = toFieldsV1(fieldsOf(fields, structure));
    expect(written).toEqual({
      'f:spec': {
        'f:replicas': {},
        'f:template': {
          'f:spec': { 'f:containers': { 'k:{"name":"app"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
        },
      },
    });
    expect(pathsOf(fromFieldsV1(written))).toEqual([
      '.spec.replicas',
      '.spec.template.spec.containers[name="app"]',
      '.spec.template.spec.containers[name="app"].image',
      '.spec.template.spec.containers[name="app"].name',
    ]);
  });

  it('obey the laws of sets', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const both = intersection(a, b);
        expect(toFieldsV1(union(difference(a, b), both))).toEqual(toFieldsV1(a));
        expect(isEmptySet(intersection(difference(a, b), b))).toBe(true);
        expect(toFieldsV1(union(a, b))).toEqual(toFieldsV1(union(b, a)));
        expect(toFieldsV1(fromFieldsV1(toFieldsV1(a)))).toEqual(toFieldsV1(a));
      }),
    );
  });

  it('a comparison names what must be taken away and what was written', () => {
    fc.assert(
      fc.property(value, value, (before, after) => {
        const { written, removed } = compare(before, after, structure);
        expect(isEmptySet(intersection(written, removed))).toBe(true);
        const again = compare(after, after, structure);
        expect(isEmptySet(again.written) && isEmptySet(again.removed)).toBe(true);
        const rest = without(after, written, structure);
        const left = rest === undefined ? undefined : fieldsOf(rest, structure);
        if (left !== undefined && !isEmptySet(difference(fieldsOf(after, structure), written))) {
          expect(isEmptySet(intersection(left, written))).toBe(true);
        }
      }),
    );
  });
});
