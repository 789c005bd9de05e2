import { expect, test } from 'vitest';
import { parseTarget } from './target.ts';

test.each([
  'http://127.0.0.1:8080',
  'http://[::1]:80',
  'http://10.98.0.12',
  'http://10.97.3.4:8080',
  'http://10.99.0.1',
])('%s may get load', (url) => {
  expect(parseTarget(url, false).href).toContain(new URL(url).hostname);
});

test.each(['http://192.0.2.1', 'http://10.0.0.1', 'http://10.98.1.1', 'http://[2001:db8::1]', 'http://8.8.8.8'])(
  '%s is refused: it is neither loopback nor the test cluster',
  (url) => {
    expect(() => parseTarget(url, false)).toThrow('load goes only to loopback');
  },
);

test.each(['http://example.test', 'https://127.0.0.1', 'http://localhost'])(
  '%s is refused: no plain address',
  (url) => {
    expect(() => parseTarget(url, false)).toThrow('an IP address');
  },
);

test('inside a pod the private networks are its cluster, the rest is not', () => {
  expect(parseTarget('http://10.0.0.1', true).hostname).toBe('10.0.0.1');
  expect(() => parseTarget('http://192.0.2.1', true)).toThrow('load goes only to loopback');
});
