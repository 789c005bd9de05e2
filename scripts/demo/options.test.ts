import { expect, it } from 'vitest';
import { checkOpenFiles } from './limits.ts';
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
  [['--port', 'web'], '--port web: write a whole number from 0 to 65535'],
  [['--port', ''], '--port : write a whole number from 0 to 65535'],
  [['--port', '-1'], "Option '--port' argument is ambiguous. Did you forget to specify"],
  [['--seed', '1e3'], '--seed 1e3: write a whole number from 0 to'],
  [['--fast'], "Unknown option '--fast'"],
  [['leak'], "Unexpected argument 'leak'"],
])('refuses %j in one line', (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
  expect(() => readOptions(args)).not.toThrow('\n');
});

it('says what npm has taken for its own, and only then', () => {
  const env = { npm_lifecycle_event: 'demo', npm_config_stay: 'true' };
  expect(() => readOptions([], env)).toThrow('npm took --stay for its own: write npm run demo -- --stay');
  const port = { npm_lifecycle_event: 'demo', npm_config_port: 'true' };
  expect(() => readOptions(['8001'], port)).toThrow('npm took --port for its own: write npm run demo -- --port N');
  expect(readOptions([], { npm_lifecycle_event: 'demo' })?.stay).toBe(false);
  expect(readOptions([], { npm_config_port: '1' })?.port).toBe(0);
});

it('knows the images of the shop alone', () => {
  expect(settingsOf('demo.tandem.dev/shop:v7')).toMatchObject({ VERSION: 'v7', HOST: '127.0.0.1' });
  expect(settingsOf('demo.tandem.dev/shop:v2-slow')).toMatchObject({ LATENCY_MS: '120' });
  expect(settingsOf('demo.tandem.dev/shop:v2-fast')).toBeUndefined();
  expect(settingsOf('nginx:1')).toBeUndefined();
});

it('needs room for its connections', () => {
  expect(() => checkOpenFiles(256)).toThrow('only 256 files may be open at once and 512 are needed: raise the limit');
  for (const most of [512, 20_000, 'unlimited'] as const) expect(() => checkOpenFiles(most)).not.toThrow();
  expect(() => checkOpenFiles()).not.toThrow();
});
