import { describe, expect, test } from 'vitest';
import { silentLogger } from '../lib/log.ts';
import { failed } from './answer.ts';
import { createCollector } from './collector.ts';
import { createInProcessSource, type InProcessSource } from './testing/in-process.ts';
import { createManualClock } from './testing/manual-clock.ts';
import { every, podSeries, requestOf } from './testing/world.ts';
import { isTooMuch } from './too-much.ts';

const START = 1_750_000_000_000;

/** Refuses queries for more pods than `most`. */
function limited(most: number, message: string): InProcessSource {
  const source = createInProcessSource();
  const { query } = source;
  source.query = async (text, at) => {
    const pods = /pod=~?"(?<pods>[^"]*)"/.exec(text)?.groups?.['pods']?.split('|').length ?? 0;
    if (!text.startsWith('count') && pods > most) {
      source.queries.push(text);
      return failed('Rejected', message);
    }
    return query(text, at);
  };
  source.series = ['stable-0', 'stable-1', 'canary-0'].flatMap((name) =>
    podSeries({ name, scrapes: every(5000, START - 60_000, START + 60_000) }),
  );
  return source;
}

async function stateWith(source: InProcessSource): Promise<ReturnType<ReturnType<typeof createCollector>['evidence']>> {
  const clock = createManualClock(START + 20_000);
  const collector = createCollector({ sources: [source], clock, log: silentLogger });
  collector.watch('a', requestOf(START));
  await collector.poll();
  return collector.evidence('a');
}

const tooMany = 'HTTP 422: query processing would load too many samples into memory in query execution';

describe('an answer that would be too large', () => {
  test('is asked for in parts, down to one pod, and the evidence is the same', async () => {
    const source = limited(1, tooMany);

    expect(await stateWith(source)).toEqual(await stateWith(limited(3, tooMany)));
  });

  test('for one pod is a failure in the words of the server', async () => {
    expect((await stateWith(limited(0, tooMany)))?.source).toMatchObject({ state: 'Failed', message: tooMany });
  });

  test('any other refusal is not asked again', async () => {
    const source = limited(1, 'HTTP 400: parse error');

    expect((await stateWith(source))?.source.state).toBe('Failed');
    expect(source.queries.filter((text) => text.startsWith('up{'))).toHaveLength(1);
  });
});

describe('isTooMuch', () => {
  test.each([
    ['Rejected', tooMany, true],
    ['Rejected', 'HTTP 422: the query exceeded the maximum number of chunks (limit: 2000000 chunks)', true],
    ['Rejected', 'HTTP 422: cannot select more than -search.maxSamplesPerQuery=1000000000 samples', true],
    ['TooLarge', 'the answer is larger than 268435456 bytes', true],
    ['Unavailable', 'HTTP 429: too many outstanding requests', false],
    ['Rejected', 'HTTP 400: the query time range is out of bounds', false],
    ['Unreachable', 'too many samples', false],
  ] as const)('%s %s: %s', (code, message, is) => {
    expect(isTooMuch({ code, message })).toBe(is);
  });
});
