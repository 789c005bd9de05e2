import { describe, expect, test } from 'vitest';
import { readConfig } from '../../operator/config.ts';
import { allowsCustom, type CustomMetrics } from './allowed.ts';

function configured(text: string): CustomMetrics | undefined {
  return readConfig(['--config', 'tandem.yaml'], {}, () => text)?.customMetrics;
}

describe('customMetrics of the configuration', () => {
  test('allows nobody unless it names them', () => {
    expect(configured('prometheus: []')).toBeUndefined();
    expect(allowsCustom(undefined, 'shop')).toBe(false);
    expect(allowsCustom(configured('customMetrics: {namespaces: []}'), 'shop')).toBe(false);
    expect(allowsCustom(configured('customMetrics: {namespaces: [shop]}'), 'shop')).toBe(true);
    expect(allowsCustom(configured('customMetrics: {namespaces: [shop]}'), 'shop-2')).toBe(false);
    expect(allowsCustom(configured('customMetrics: {namespaces: ["*"]}'), 'shop')).toBe(true);
  });

  test.each([
    ['customMetrics: {}', 'customMetrics.namespaces'],
    ['customMetrics: {namespaces: shop}', 'customMetrics.namespaces'],
    ['customMetrics: {namespaces: [shop], queries: 5}', 'queries'],
    ['customMetric: {namespaces: [shop]}', 'customMetric'],
  ])('%s is refused', (text, message) => {
    expect(() => configured(text)).toThrow(message);
  });
});
