import { describe, expect, it } from 'vitest';
import { canonicalQuantity, quantityValue } from './quantity.ts';

describe('canonicalQuantity', () => {
  it.each([
    ['1000m', '1'],
    ['100m', '100m'],
    ['0.5', '500m'],
    ['1.5', '1500m'],
    [2, '2'],
    ['1024Ki', '1Mi'],
    ['1.5Gi', '1536Mi'],
    ['256Mi', '256Mi'],
    ['1000', '1k'],
    ['1500M', '1500M'],
    ['1e3', '1k'],
    ['0', '0'],
    ['0Mi', '0'],
    ['many', 'many'],
    ['', ''],
  ])('%j is written as %j', (given, written) => {
    expect(canonicalQuantity(given)).toBe(written);
  });

  it('is written the same again', () => {
    for (const text of ['3', '250m', '12Ki', '7G', '1500Mi']) {
      const once = canonicalQuantity(text);
      expect(canonicalQuantity(once)).toBe(once);
    }
  });
});

describe('quantityValue', () => {
  it.each([
    ['1', 1],
    ['250m', 0.25],
    ['123456789n', 0.123456789],
    ['1500u', 0.0015],
    ['20480Ki', 20_971_520],
    ['1.5Gi', 1_610_612_736],
    ['2G', 2e9],
    ['1e3', 1000],
    ['0', 0],
    ['much', Number.NaN],
    ['', Number.NaN],
    ['12Qi', Number.NaN],
  ])('%j is %d', (text, value) => {
    expect(quantityValue(text)).toBe(value);
  });
});
