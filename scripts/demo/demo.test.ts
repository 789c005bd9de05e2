import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { leftBehind, startDemo } from './testing/demo-process.ts';

it('releases a version on real processes, stays to be looked at, and leaves nothing behind', {
  timeout: 180_000,
}, async () => {
  const demo = startDemo(['--quick', '--only', 'leak', '--stay']);
  await demo.says('End it with Ctrl-C');
  const text = demo.text();
  expect(text).toContain('leak: RolledBack: container shop of pod leak-canary-');
  expect(text).toMatch(/leak +v2-leak +leaks .* RolledBack +OOMKilled +\d+ s/);
  expect(text).toContain('Every verdict was right.');
  expect(text).not.toContain('\u001b');
  const dashboard = /The dashboard is (\S+)/.exec(text)?.[1] ?? '';
  expect(await (await fetch(`${dashboard}releases/shop/leak`)).text()).toContain(
    'was killed for using too much memory',
  );
  // Three pods and the operator; the canary may take a moment to end.
  while (leftBehind(demo).length > 4) await setTimeout(50);
  expect(leftBehind(demo).length).toBe(4);
  demo.child.kill('SIGINT');
  expect(await demo.exited).toBe(0);
  expect(leftBehind(demo)).toEqual([]);
});

it('leaves nothing behind when it is killed, the operator not either', { timeout: 60_000 }, async () => {
  const demo = startDemo(['--quick', '--only', 'leak']);
  await demo.says('load: ');
  expect(leftBehind(demo).length).toBe(4);
  demo.child.kill('SIGKILL');
  await demo.exited;
  while (leftBehind(demo).length > 0) await setTimeout(50);
});

it('ends without a word more when nobody reads it', { timeout: 60_000 }, async () => {
  const demo = startDemo(['--quick', '--only', 'leak']);
  await once(demo.child.stdout, 'data');
  demo.child.stdout.destroy();
  expect(await demo.exited).toBe(141);
  expect(demo.text()).not.toContain('Error');
  expect(leftBehind(demo)).toEqual([]);
});

it('says in one line what a person can mend', { timeout: 60_000 }, async () => {
  const unknown = startDemo(['--only', 'slow']);
  expect(await unknown.exited).toBe(1);
  expect(unknown.text()).toBe(
    'demo: --only slow: there is no such version; write one of good, bad-latency, new-errors, leak\n',
  );
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const taken = startDemo(['--only', 'leak', '--port', String(port)]);
  expect(await taken.exited).toBe(1);
  expect(taken.text()).toMatch(
    new RegExp(`\\ndemo: port ${port} of 127.0.0.1 is taken by another program: [^\\n]+\\n$`),
  );
  expect(leftBehind(taken)).toEqual([]);
  server.close();
});
