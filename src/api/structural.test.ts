import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { atomic } from './fields.ts';
import { structural } from './structural.ts';

const word = () => z.string().max(10).describe('A word.');

function of(field: z.ZodType) {
  return structural(z.object({ section: z.object({ field }).describe('A section.') }).describe('All.'));
}

describe('structural', () => {
  it.each([
    ['a union', z.union([z.int().max(3), word()]).describe('Either.'), 'does not know anyOf'],
    ['a tuple', z.tuple([word()]).meta(atomic).describe('Both.'), 'does not know anyOf'],
    ['anything', z.any().describe('Any.'), 'no type'],
    ['a closed object', z.strictObject({ a: word() }).describe('Closed.'), 'exclude each other'],
    ['a text without bound', z.string().describe('Long.'), 'add .max()'],
    ['a list without bound', z.array(word()).meta(atomic).describe('Long.'), 'add .max()'],
    ['a list without type', z.array(word()).max(3).describe('A list.'), 'list type'],
    ['a map without bound', z.record(word(), word()).describe('A map.'), 'maxProperties'],
    ['a field without description', z.boolean(), 'kubectl explain'],
  ])('refuses %s and names the field', (_, field, why) => {
    expect(() => of(field)).toThrow(why);
    expect(() => of(field)).toThrow('section.field');
  });

  it('keeps types, bounds, defaults and extensions', () => {
    const schema = of(
      z
        .array(z.string().max(3).nullable())
        .max(2)
        .default(['a'])
        .meta({ ...atomic, 'x-kubernetes-validations': [{ rule: 'true', message: 'never' }] })
        .describe('A list.'),
    );
    expect(schema.properties?.['section']?.properties?.['field']).toEqual({
      description: 'A list.',
      type: 'array',
      default: ['a'],
      maxItems: 2,
      items: { type: 'string', nullable: true, maxLength: 3 },
      'x-kubernetes-list-type': 'atomic',
      'x-kubernetes-validations': [{ rule: 'true', message: 'never' }],
    });
  });

  it('leaves times to the format of the API server and large numbers without the bound of JavaScript', () => {
    const schema = structural(
      z
        .object({
          at: z.iso.datetime().describe('When.'),
          count: z.int().min(0).meta({ format: 'int64' }).describe('How many.'),
        })
        .describe('All.'),
    );
    expect(schema.properties).toEqual({
      at: { description: 'When.', type: 'string', format: 'date-time' },
      count: { description: 'How many.', type: 'integer', format: 'int64', minimum: 0 },
    });
  });
});
