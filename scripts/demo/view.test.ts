import { describe, expect, it } from 'vitest';
import { createStyle } from '../../src/cli/style.ts';
import { conclusion, metricText, progressLine, report } from './render.ts';
import { scenarios } from './scenarios.ts';
import { createScreen, cut } from './screen.ts';
import { demoView } from './testing/views.ts';
import { isOver, isRight, leadingMetric } from './view.ts';

const plain = createStyle(false);
const rich = createStyle(true);
const [good, slow] = scenarios as [(typeof scenarios)[0], (typeof scenarios)[0]];

describe('a view of a release', () => {
  const running = demoView(slow, 'Analyzing');
  const over = demoView(slow, 'Rejected', { outcome: 'RolledBack', reason: 'latency-p95' });

  it('shows both tracks and the comparison that says most', () => {
    expect(leadingMetric(running)?.name).toBe('latency-p95');
    expect(metricText(running, plain)).toBe(
      'latency-p95: 52 ms on stable, 171 ms on canary: +229% [+120% .. +310%], limit +20%  evidence ######....  64%  Undecided',
    );
    expect(progressLine(running, plain)).toContain(
      'bad-latency: Analyzing: 400 requests on canary, 1,200 on stable; latency-p95',
    );
  });

  it('is over when the outcome is written and the phase is at rest', () => {
    expect([running, over].map(isOver)).toEqual([false, true]);
  });

  it('is right only with the outcome and the reason that were expected', () => {
    expect(isRight(over)).toBe(true);
    expect(isRight(demoView(slow, 'Rejected', { outcome: 'RolledBack', reason: 'errors' }))).toBe(false);
    expect(isRight(demoView(slow, 'Idle', { outcome: 'Promoted', reason: 'Pass' }))).toBe(false);
    expect(isRight(demoView(good, 'Idle', { outcome: 'Promoted', reason: 'Pass' }))).toBe(true);
    expect(isRight(running)).toBe(false);
  });

  it('ends in a table with a sentence each', () => {
    const text = report([demoView(good, 'Idle', { outcome: 'Promoted', reason: 'Pass' }), running], plain);
    expect(text).toMatchInlineSnapshot(`
      "DEPLOYMENT    VERSION   IS                                OUTCOME                BECAUSE OF   AFTER   CANARY SERVED   LOST
      good          v2        nothing that users would notice   Promoted               Pass          42 s          serves      2
      bad-latency   v2-slow   every answer takes 120 ms more    none in time (WRONG)   -                -             412      2

        good: p95 is worse
        bad-latency: as it stands
      "
    `);
  });
});

function bare(text: string): string {
  // oxlint-disable-next-line no-control-regex -- colours take no room
  return text.replace(/\u001b\[\d+m/g, '');
}

it('blames the machine only where it was busy and a verdict wrong', () => {
  expect(conclusion(true, true)).toBe('Every verdict was right.');
  expect(conclusion(false, false)).toBe('NOT every verdict was right.');
  expect(conclusion(false, true)).toContain('NOT every verdict was right. This machine was too busy');
});

describe('the screen', () => {
  const views = scenarios.map((scenario) => demoView(scenario, 'Analyzing'));

  function screenWith(size: { rows: number; columns: number } | undefined, style = plain) {
    let written = '';
    let now = 0;
    const screen = createScreen({
      write: (text) => {
        written += text;
      },
      size: size === undefined ? undefined : () => size,
      style,
      elapsed: () => now,
      head: 'Tandem',
    });
    const take = (): string => {
      const text = written;
      written = '';
      return text;
    };
    const pass = (ms: number): void => {
      now += ms;
    };
    return { screen, take, pass };
  }

  it('writes lines alone where there is no terminal: phases at once, progress now and then', () => {
    const { screen, take, pass } = screenWith(undefined);
    screen.say('begins');
    screen.show([demoView(slow, 'Idle')]);
    expect(take()).toBe(' 0:00  begins\n');
    screen.show([demoView(slow, 'Analyzing')]);
    expect(take().split('\n').length).toBe(2);
    pass(9000);
    screen.show([demoView(slow, 'Analyzing')]);
    expect(take()).toBe('');
    pass(2000);
    screen.show([demoView(slow, 'Analyzing')]);
    expect(take()).toContain(' 0:11  bad-latency: Analyzing');
    const over = demoView(slow, 'Rejected', { outcome: 'RolledBack', reason: 'latency-p95' });
    screen.show([over]);
    screen.show([over]);
    const text = take();
    expect(text).toBe(' 0:11  bad-latency: RolledBack: p95 is worse\n');
    expect(text).not.toContain('\u001b');
  });

  it('draws over its own frame on a terminal, never more than it shows', () => {
    const { screen, take } = screenWith({ rows: 30, columns: 40 }, rich);
    screen.show(views);
    const first = take();
    expect(first).not.toContain('A\u001b[J');
    const lines = first.split('\n').slice(0, -1);
    expect(lines.length).toBe(22);
    for (const line of lines) expect(bare(line).length).toBeLessThanOrEqual(40);
    screen.show(views);
    expect(take().startsWith('\u001b[22A\u001b[J')).toBe(true);
    screen.say('something happened');
    expect(take().startsWith('\u001b[22A\u001b[J 0:00  something happened\n')).toBe(true);
    screen.end();
    screen.show(views);
    expect(take().startsWith('\u001b[22A')).toBe(false);
  });

  it.each([
    [23, 22],
    [22, 9],
    [10, 9],
    [9, 4],
    [5, 4],
    [3, 2],
    [1, 1],
  ])('shows every release on a terminal of %i lines that has room for one each, in %i lines', (rows, drawn) => {
    const { screen, take } = screenWith({ rows, columns: 80 }, rich);
    screen.show(views);
    const text = bare(take());
    expect(text.split('\n').length - 1).toBe(drawn);
    for (const { name } of scenarios.slice(0, drawn)) expect(text).toMatch(new RegExp(`^${name}\\b`, 'm'));
  });

  it('cuts lines without breaking their colours', () => {
    expect(cut(rich.good('abcdef'), 3)).toBe('\u001b[32mabc\u001b[39m');
    expect(cut('ab', 3)).toBe('ab');
  });
});
