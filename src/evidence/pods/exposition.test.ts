import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatOf, parseExposition } from './exposition.ts';
import type { Sample } from './sample.ts';

function parse(body: string, format: 'text' | 'openmetrics' = 'text'): Sample[] {
  const parsed = parseExposition(body, format);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.samples;
}

function problem(body: string, format: 'text' | 'openmetrics' = 'text'): string | undefined {
  const parsed = parseExposition(body, format);
  return parsed.ok ? undefined : parsed.message;
}

describe('text format', () => {
  test('names, labels, values, timestamps and comments', () => {
    const body = [
      '# HELP http_requests_total Requests \\n by "code".',
      '# TYPE http_requests_total counter',
      'http_requests_total{method="post",code="200"} 1027 1395066363000',
      'http_requests_total{method="post",code="400",} 3',
      '# any other comment',
      '',
      'up 1',
      '  spaced   { a = "b" , c="d" }   2.5e-3  ',
      'no_gap{x="y"}7',
    ].join('\n');
    expect(parse(body)).toEqual([
      { name: 'http_requests_total', labels: { method: 'post', code: '200' }, value: 1027 },
      { name: 'http_requests_total', labels: { method: 'post', code: '400' }, value: 3 },
      { name: 'up', labels: {}, value: 1 },
      { name: 'spaced', labels: { a: 'b', c: 'd' }, value: 0.0025 },
      { name: 'no_gap', labels: { x: 'y' }, value: 7 },
    ]);
  });

  test('escapes: backslash, quote and line feed; any other stays', () => {
    expect(parse(String.raw`a{p="C:\\new\"x\"\n",q="\d",r="{,} # =" } 1`)[0]?.labels).toEqual({
      p: 'C:\\new"x"\n',
      q: '\\d',
      r: '{,} # =',
    });
  });

  test.each([
    ['NaN', Number.NaN],
    ['nan', Number.NaN],
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-Inf', Number.NEGATIVE_INFINITY],
    ['Inf', Number.POSITIVE_INFINITY],
    ['1.', 1],
    ['.5', 0.5],
    ['+1E3', 1000],
  ])('the value %s', (text, value) => {
    expect(parse(`a ${text}\n`)[0]?.value).toBe(value);
  });

  test.each([
    ['a', 'line 1: no value'],
    ['a{b="c"}', 'line 1: the value is no number'],
    ['a{b="c" 1', 'line 1: the labels are not name="value", separated by commas'],
    ['a{b=c} 1', 'line 1: the labels are not name="value", separated by commas'],
    ['a{b="c"d="e"} 1', 'line 1: the labels are not name="value", separated by commas'],
    ['a{b="c",b="d"} 1', 'line 1: the label b stands twice'],
    ['a 0x10', 'line 1: the value is no number'],
    ['a 1_000', 'line 1: the value is no number'],
    ['a 1 2 3', 'line 1: more than a value and a timestamp'],
    ['a 1 now', 'line 1: the timestamp is no number'],
    ['a 1 # {trace="x"} 1', 'line 1: more than a value and a timestamp'],
    ['ok 1\n<html>', 'line 2: no metric name'],
    ['{"error": true}', 'line 1: no metric name'],
    ['# TYPE a tree', 'line 1: unknown type of metric'],
    ['a{x="1",y="2"} 1\na{y="2",x="1"} 1', 'line 2: the series a stands twice with the same labels'],
    ['a 1\na 1', 'line 2: the series a stands twice with the same labels'],
  ])('%j is an error', (body, message) => {
    expect(problem(body)).toBe(message);
  });

  test('a label called __proto__ is a label', () => {
    const [sample] = parse('a{__proto__="x"} 1');
    expect(Object.entries(sample?.labels ?? {})).toEqual([['__proto__', 'x']]);
  });

  test('lines of names that are not wanted are passed over', () => {
    const parsed = parseExposition('a{broken 1\nb 2\na 1\n', 'text', (name) => name === 'b');
    expect(parsed).toEqual({ ok: true, samples: [{ name: 'b', labels: {}, value: 2 }] });
    expect(parseExposition('not ready\n', 'text', () => false).ok).toBe(false);
    expect(parseExposition('garbage!\n', 'text', () => false).ok).toBe(false);
  });
});

describe('OpenMetrics', () => {
  const body = [
    '# TYPE http_server_request_duration_seconds histogram',
    '# UNIT http_server_request_duration_seconds seconds',
    '# HELP http_server_request_duration_seconds Duration.',
    'http_server_request_duration_seconds_bucket{le="0.5"} 4 # {trace_id="KOO5S4vxi0o"} 0.43 1520879607.789',
    'http_server_request_duration_seconds_bucket{le="+Inf"} 5 1520879608 # {} 9.8',
    'http_server_request_duration_seconds_count 5',
    'http_server_request_duration_seconds_created 1520430000.123',
    '# EOF',
    '',
  ].join('\n');

  test('exemplars, _created and timestamps', () => {
    expect(parse(body, 'openmetrics').map(({ name, labels, value }) => [name.slice(37), labels['le'], value])).toEqual([
      ['bucket', '0.5', 4],
      ['bucket', '+Inf', 5],
      ['count', undefined, 5],
      ['created', undefined, 1520430000.123],
    ]);
  });

  test.each([
    ['a 1\n', 'the end (# EOF) is missing: the body is cut off'],
    ['a 1\n# EOF\nb 1\n', 'text after # EOF'],
    ['# hello\n# EOF\n', 'neither a sample nor HELP, TYPE, UNIT or EOF'],
    ['a 1 # nothing\n# EOF\n', 'the exemplar has no labels'],
    ['a 1 # {x="y"}\n# EOF\n', 'the value is no number'],
  ])('%j is an error', (text, message) => {
    expect(problem(text, 'openmetrics')).toContain(message);
  });

  test('every body that is cut off is an error', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: body.trimEnd().length - 1 }), (length) => {
        expect(parseExposition(body.slice(0, length), 'openmetrics').ok).toBe(false);
      }),
    );
  });

  test('the content type says which format it is', () => {
    expect(formatOf('application/openmetrics-text; version=1.0.0; charset=utf-8')).toBe('openmetrics');
    expect(formatOf('text/plain; version=0.0.4')).toBe('text');
    expect(formatOf(undefined)).toBe('text');
  });
});

// Own alphabets: every character that means something, and a few that do not.
const letters = fc.string({ unit: fc.constantFrom('a', 'Z', '_', '0'), maxLength: 5 });
const name = letters.map((text) => `m:${text}`);
const label = letters.map((text) => `l${text}`);
const anything = fc.constantFrom('"', '\\', '\n', '{', '}', ',', '=', '#', ' ', '\t', 'n', '1', '+', 'é', '猫', '🙂');
const sample = fc.record({
  name,
  labels: fc.dictionary(label, fc.string({ unit: anything, maxLength: 12 }), { maxKeys: 4, noNullPrototype: true }),
  value: fc.double(),
});

function print({ name: metric, labels, value }: Sample): string {
  const quoted = (text: string): string =>
    `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  const pairs = Object.entries(labels).map(([key, text]) => `${key}=${quoted(text)}`);
  const number = Number.isFinite(value) ? `${value}` : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  return `${metric}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${number}`;
}

test('what is written is read, in both formats', () => {
  const key = ({ name: metric, labels }: Sample): string =>
    JSON.stringify([metric, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
  fc.assert(
    fc.property(fc.uniqueArray(sample, { selector: key, maxLength: 20 }), (samples) => {
      const body = samples.map((one) => `${print(one)}\n`).join('');
      const expected = samples.map((one) => ({ ...one, value: one.value === 0 ? expect.closeTo(0) : one.value }));
      expect(parse(body)).toEqual(expected);
      expect(parse(`${body}# EOF\n`, 'openmetrics')).toEqual(expected);
    }),
  );
});

test('whatever the body is, it is read or refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: anything, maxLength: 60 }), (body) => {
      expect(typeof parseExposition(body, 'text').ok).toBe('boolean');
    }),
  );
});
