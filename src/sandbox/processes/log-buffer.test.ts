import { expect, it } from 'vitest';
import { createLogBuffer, type LogLine } from './log-buffer.ts';

it('puts lines together, whatever the pieces, and keeps the newest', () => {
  const log = createLogBuffer(10);
  const heard: (LogLine | undefined)[] = [];
  log.follow((line) => heard.push(line));
  log.write('on', 1);
  log.write('e\ntwo\nth', 2);
  log.write('ree', 3);
  expect(log.lines()).toEqual([
    { at: 2, text: 'one' },
    { at: 2, text: 'two' },
  ]);
  log.end(4);
  log.end(5);
  expect(log.lines().map(({ text }) => text)).toEqual(['two', 'three']);
  expect(heard.map((line) => line?.text)).toEqual(['one', 'two', 'three', undefined]);
  expect(log.ended).toBe(true);
});

it('cuts lines that never end', () => {
  const log = createLogBuffer();
  log.write('x'.repeat(40_000), 1);
  expect(log.lines().map(({ text }) => text.length)).toEqual([16_384, 16_384]);
});
