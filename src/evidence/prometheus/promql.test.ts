import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matches, parseQuery } from '../testing/selector.ts';
import { literal, oneOf, quote, selector } from './promql.ts';

/** Text with everything that a string literal or a regular expression could take for its own. */
const nasty = fc.string({
  unit: fc.constantFrom(...Array.from(String.raw`ab"\{}[](),=~!|.*+?^$-/`), '\n', 'é', ' '),
  maxLength: 12,
});

describe('oneOf', () => {
  test('names values exactly', () => {
    expect(oneOf('pod', ['web-1'])).toBe('pod="web-1"');
    expect(oneOf('pod', ['web-1', 'web.2'])).toBe(String.raw`pod=~"web-1|web\\.2"`);
  });

  test('matches its own values and nothing else, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1, maxLength: 4 }), nasty, (values, other) => {
        const query = parseQuery(selector('m', [oneOf('pod', values), 'le="+Inf"']));
        const match = (pod: string): boolean => matches({ __name__: 'm', pod, le: '+Inf' }, query);

        expect(query.matchers).toHaveLength(2);
        expect(values.every(match)).toBe(true);
        expect(match(other)).toBe(values.includes(other));
      }),
      { numRuns: 500 },
    );
  });

  test('escapes for the string and for the expression', () => {
    expect(quote('a"b\\c\nd')).toBe(String.raw`"a\"b\\c\nd"`);
    expect(literal('a.b|c"')).toBe(String.raw`a\.b\|c"`);
  });
});
