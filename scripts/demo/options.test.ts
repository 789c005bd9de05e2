import { expect, it } from 'vitest';
import { readOptions } from './options.ts';
import { settingsOf } from './scenarios.ts';

it('shows all versions unless some are named, in their own order', () => {
  const names = (args: string[]) => readOptions(args)?.scenarios.map(({ name }) => name);
  expect(names([])).toEqual(['good', 'bad-latency', 'new-errors', 'leak']);
  expect(names(['--only', 'leak', '--only', 'good'])).toEqual(['good', 'leak']);
  expect(readOptions(['--help'])).toBeUndefined();
});

it.each([
  [['--only', 'slow'], '--only slow: there is no such version; write one of good, bad-latency, new-errors, leak'],
  [['--port', '70000'], '--port 70000: write a whole number from 0 to 65535'],
  [['--fast'], "Unknown option '--fast'"],
])('refuses %j', (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});

it('knows the images of the shop alone', () => {
  expect(settingsOf('demo.tandem.dev/shop:v7')).toMatchObject({ VERSION: 'v7', HOST: '127.0.0.1' });
  expect(settingsOf('demo.tandem.dev/shop:v2-slow')).toMatchObject({ LATENCY_MS: '120' });
  expect(settingsOf('demo.tandem.dev/shop:v2-fast')).toBeUndefined();
  expect(settingsOf('nginx:1')).toBeUndefined();
});
