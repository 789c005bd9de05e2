import { parser } from '@prometheus-io/lezer-promql';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderQuery } from './render.ts';
import { compileQuery } from './template.ts';

const own = 'namespace="{{namespace}}",pod=~"{{pods}}"';
const audience = {
  namespace: 'shop',
  pods: ['web-1', 'web.2'],
  labels: { namespace: 'namespace', pod: 'pod' },
};

function rendered(query: string, labels = audience.labels): string {
  const compiled = compileQuery(query);
  if ('problem' in compiled) throw new Error(`${compiled.problem.position}: ${compiled.problem.message}`);
  return renderQuery(compiled.pieces, { ...audience, labels });
}

function problemOf(query: string): string {
  const compiled = compileQuery(query);
  return 'problem' in compiled ? `${compiled.problem.position}: ${compiled.problem.message}` : 'none';
}

describe('a custom query', () => {
  test.each([
    [`max(queue_age{${own}})`, 'max(queue_age{namespace="shop",pod=~"web-1|web\\\\.2"})'],
    [
      `sum(rate(hits{${own}}[5m])) / sum by (a) (rate(gets[5m:1m] offset -5m))`,
      'sum(rate(hits{namespace="shop",pod=~"web-1|web\\\\.2"}[5m])) / sum by(a) (rate(gets{namespace="shop"}[5m:1m] offset - 5m))',
    ],
    [
      'x{namespace="{{namespace}}",instance=~"{{pods}}:8080"}',
      'x{namespace="shop",instance=~"(?:web-1|web\\\\.2):8080"}',
    ],
    [`x{${own},queue="{{namespace}}-jobs"}`, 'x{namespace="shop",pod=~"web-1|web\\\\.2",queue="shop-jobs"}'],
    [`{"queue.age",${own}}`, '{namespace="shop",__name__="queue.age",pod=~"web-1|web\\\\.2"}'],
    [`x{${own}, "a.b" != 'c"d'}`, 'x{namespace="shop",pod=~"web-1|web\\\\.2","a.b"!="c\\"d"}'],
    [`x{${own}} @ end() # and more`, 'x{namespace="shop",pod=~"web-1|web\\\\.2"} @ end()'],
    [`-1.5e3 + scalar(x{${own}})`, '- 1.5e3 + scalar(x{namespace="shop",pod=~"web-1|web\\\\.2"})'],
  ])('%s', (query, text) => {
    expect(rendered(query)).toBe(text);
  });

  test('uses the labels that were found', () => {
    const labels = { namespace: 'kubernetes_namespace', pod: 'kubernetes_pod_name' };
    expect(rendered('x{kubernetes_namespace="{{namespace}}",kubernetes_pod_name=~"{{pods}}"} or y', labels)).toBe(
      'x{kubernetes_namespace="shop",kubernetes_pod_name=~"web-1|web\\\\.2"} or y{kubernetes_namespace="shop"}',
    );
  });

  test.each([
    [`x{${own}`, '44: this is not PromQL: it ends too early'],
    [`max(x{${own}}) max`, '51: this is not PromQL: unexpected "max"'],
    [`x{a="b or y`, '5: the string is not closed'],
    [`x{namespace="{{namespace}}"}`, '1: no label matcher names {{pods}}'],
    [`x{pod=~"{{pods}}"}`, '1: no label matcher names {{namespace}}'],
    [`x{${own}} or x{namespace="bank"}`, '51: a query reads the namespace of its CanaryRelease only'],
    [`x{${own}} or x{namespace=~"{{namespace}}|bank"}`, '51: a query reads the namespace'],
    [`x{${own}} or x{namespace!="{{namespace}}"}`, '51: a query reads the namespace'],
    [`x{${own}} or x{exported_namespace="bank"}`, '51: a query reads the namespace'],
    [`x{${own}} or {"\\x6eamespace"="bank"}`, '50: a query reads the namespace'],
    [`x{${own}} or {'\\u006eamespace'=~"b.*"}`, '50: a query reads the namespace'],
    [`info(x{${own}})`, '1: info() is not allowed'],
    [`x{${own},pod="{{pods}}"}`, '45: {{pods}} is a regular expression: write pod=~"{{pods}}"'],
    [`x{${own},pod=~"{{ pods }}"}`, '45: {{ pods }} is no placeholder'],
    [`x{${own}} # a\r or y`, '49: control characters are not allowed'],
    [`x{${own}}\u00a0or y`, '45: this is not PromQL'],
    [`x{${own},a="\\xff"}`, '47: \\xff is no escape that is allowed here'],
    [`x{${own},a="\\ud800"}`, '47: \\ud8 is no escape'],
    [`label_replace(x{${own}},"a","{{namespace}}","","")`, '64: placeholders may stand in label matchers only'],
    ['{{pods}}', '2: this is not PromQL'],
    ['', '1: this is not PromQL: it ends too early'],
  ])('%j is refused', (query, message) => {
    expect(problemOf(query)).toContain(message);
  });
});

/** Each selector of a text that was sent, with the matchers that stand in it. */
function selectorsOf(text: string): string[][] {
  const selectors: string[][] = [];
  parser.parse(text).iterate({
    enter: ({ name, node, type }) => {
      if (type.isError) throw new Error(`not PromQL: ${text}`);
      if (name !== 'VectorSelector') return;
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
      selectors.push(matchers.map(({ from, to }) => text.slice(from, to)));
    },
  });
  return selectors;
}

const hostile = fc.constantFrom(
  'bank_secrets',
  'x{a="b"}',
  '{__name__=~".+"}',
  '{"bank.secrets"}',
  'x{namespace="{{namespace}}"}',
  'x{__name__="y",job!~"a|b"}',
  'x{a=~"} or secrets{namespace=~\\".*"}',
  "x{a='\"} or secrets #'}",
  'x{a=`\\" or secrets`}',
  'sum',
  'on',
  'step',
);
const nested = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc
    .oneof(
      { maxDepth: 4 },
      hostile,
      tie('expr').map((a) => `(${a})`),
      tie('expr').map((a) => `sum by (a) (${a})`),
      tie('expr').map((a) => `-${a}`),
      tie('expr').map((a) => `rate(${a}[5m:1m])`),
      tie('expr').map((a) => `${a} offset 5m`),
      tie('expr').map((a) => `${a} @ 1700000000`),
      tie('expr').map((a) => `label_replace(${a}, "namespace", "bank", "a", "(.*)")`),
      tie('expr').map((a) => `absent_over_time(${a}[1h]) # bank\n`),
      fc.tuple(
        tie('expr'),
        fc.constantFrom('or', 'and', 'unless', '+', '/ on(a) group_left()', '== bool'),
        tie('expr'),
      ),
    )
    .map((part) => (typeof part === 'string' ? part : part.join(' '))),
}));

describe('no query reaches the series of another namespace', () => {
  test('whatever an expression is made of', () => {
    let compiled = 0;
    fc.assert(
      fc.property(nested.expr, (expr) => {
        const query = `x{${own}} + (${expr})`;
        const result = compileQuery(query);
        if ('problem' in result) return;
        compiled += 1;
        const selectors = selectorsOf(renderQuery(result.pieces, audience));
        expect(selectors.length).toBe(result.pieces.filter((piece) => typeof piece !== 'string').length);
        for (const matchers of selectors) {
          const named = matchers.filter((matcher) => matcher.startsWith('namespace'));
          expect(named).toEqual(['namespace="shop"']);
        }
      }),
      { numRuns: 400 },
    );
    expect(compiled).toBeGreaterThan(100);
  });

  test('nor a text of any characters', () => {
    const parts = fc.constantFrom(
      ...Array.from('{}()[]"\'`,=~!#@:|\\ \n\r\u2028xa0-+'),
      'namespace',
      'or ',
      own,
      'sum',
      '\\u006e',
      '=~".+"',
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 25 }), (texts) => {
        const result = compileQuery(texts.join(''));
        if ('problem' in result) return;
        for (const matchers of selectorsOf(renderQuery(result.pieces, audience)))
          expect(matchers[0]).toBe('namespace="shop"');
      }),
      { numRuns: 2000 },
    );
  });
});
