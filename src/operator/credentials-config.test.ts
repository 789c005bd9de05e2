import { describe, expect, it } from 'vitest';
import { parseUrl } from '../cli/arguments.ts';
import { readConfig } from './config.ts';

const secret = 'hunter2';
const address = `https://reader:${secret}@prometheus.example/x`;

/** What was said of it; undefined: it was taken. */
function said(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe('credentials in an address', () => {
  it.each([
    ['a flag', () => readConfig(['--prometheus-url', address], {})],
    ['a source', () => readConfig(['--config', 'c'], {}, () => `prometheus: [{name: default, url: "${address}"}]`)],
    [
      'a receiver',
      () => readConfig(['--config', 'c'], {}, () => `notifications: [{name: a, type: webhook, url: "${address}"}]`),
    ],
    ['the command line', () => parseUrl(address)],
  ])('of %s are refused, and not repeated: they would lie open, and nobody would send them', (_, read) => {
    expect(said(read)).toMatch(/user and (a )?password/);
    expect(said(read)).not.toContain(secret);
  });

  it('are told from an @ that is none', () => {
    const url = 'http://prometheus.example/x@y?z=a@b';
    expect(said(() => readConfig(['--prometheus-url', url], {}))).toBeUndefined();
    expect(parseUrl(url)).toBe(url);
  });
});
