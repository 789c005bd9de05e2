import { describe, expect, it } from 'vitest';
import { parseImage, registryUrl } from './image.ts';

describe('parseImage', () => {
  it.each([
    ['nginx', { registry: 'docker.io', repository: 'library/nginx', tag: 'latest' }],
    ['shop/checkout:1.42.0', { registry: 'docker.io', repository: 'shop/checkout', tag: '1.42.0' }],
    ['localhost/a:b', { registry: 'localhost', repository: 'a', tag: 'b' }],
    ['registry.example:5000/a/b-c__d/e:v1', { registry: 'registry.example:5000', repository: 'a/b-c__d/e', tag: 'v1' }],
    [
      `r.example/a@sha256:${'0'.repeat(64)}`,
      { registry: 'r.example', repository: 'a', digest: `sha256:${'0'.repeat(64)}` },
    ],
    ['[::1]:5000/a', { registry: '[::1]:5000', repository: 'a', tag: 'latest' }],
  ])('reads %s', (text, expected) => {
    expect(parseImage(text)).toEqual(expected);
  });

  it.each(['', 'UPPER/case', 'a b', 'a:', 'a:!', 'r.example/', 'http://r.example/a', 'a@sha256:12'])(
    'refuses %j',
    (text) => {
      expect(parseImage(text)).toBeUndefined();
    },
  );
});

it.each([
  ['docker.io', 'https://registry-1.docker.io'],
  ['registry.example', 'https://registry.example'],
  ['localhost:5000', 'http://localhost:5000'],
  ['127.0.0.1:5000', 'http://127.0.0.1:5000'],
  ['127.0.0.1.evil.example', 'https://127.0.0.1.evil.example'],
])('%s answers at %s', (registry, url) => {
  expect(registryUrl(registry)).toBe(url);
});
