/** The part of PromQL that the fake understands: `count by (a, b) (selector)`, `histogram_count(selector)` within it, and `selector[window]`. */
export interface ParsedQuery {
  metric: string | undefined;
  matchers: Matcher[];
  /** Window of a range selector. */
  windowMs: number | undefined;
  countBy: string[] | undefined;
  /** Only native histograms. */
  native: boolean;
}

export interface Matcher {
  label: string;
  operator: '=' | '!=' | '=~' | '!~';
  value: string;
}

/** Reads a query, or throws with what is wrong, as a server answers 400. */
export function parseQuery(query: string): ParsedQuery {
  const count = /^count by \((?<labels>[\w, ]*)\) \((?<inner>.*)\)$/s.exec(query);
  if (count?.groups !== undefined) {
    const native = /^histogram_count\((?<inner>.*)\)$/s.exec(count.groups['inner'] ?? '');
    const inner = parseSelector(native?.groups?.['inner'] ?? count.groups['inner'] ?? '');
    return {
      ...inner,
      native: native !== null,
      countBy: (count.groups['labels'] ?? '').split(',').map((label) => label.trim()),
    };
  }
  return parseSelector(query);
}

export function matches(labels: Record<string, string>, { metric, matchers }: ParsedQuery): boolean {
  if (metric !== undefined && labels['__name__'] !== metric) return false;
  return matchers.every(({ label, operator, value }) => {
    const actual = labels[label] ?? '';
    if (operator === '=') return actual === value;
    if (operator === '!=') return actual !== value;
    const found = new RegExp(`^(?:${value})$`, 's').test(actual);
    return operator === '=~' ? found : !found;
  });
}

function parseSelector(text: string): ParsedQuery {
  const head = /^(?<metric>[a-zA-Z_:][\w:]*)?\{/.exec(text);
  if (head === null) throw new Error(`parse error: no selector in ${text}`);
  const matchers: Matcher[] = [];
  let rest = text.slice(head[0].length);
  while (!rest.startsWith('}')) {
    const matcher = /^(?<label>\w+)(?<operator>=~|!~|!=|=)"(?<value>(?:[^"\\\n]|\\.)*)"(?:,|(?=\}))/s.exec(rest);
    if (matcher?.groups === undefined) throw new Error(`parse error: unexpected ${rest}`);
    const { label = '', operator, value = '' } = matcher.groups;
    matchers.push({ label, operator: operator as Matcher['operator'], value: unquote(value) });
    rest = rest.slice(matcher[0].length);
  }
  const range = /^\}(?:\[(?<amount>\d+)(?<unit>ms|s)\])?$/.exec(rest);
  if (range === null) throw new Error(`parse error: unexpected ${rest}`);
  const { amount, unit } = range.groups ?? {};
  const windowMs = amount === undefined ? undefined : Number(amount) * (unit === 's' ? 1000 : 1);
  return { metric: head.groups?.['metric'], matchers, windowMs, countBy: undefined, native: false };
}

function unquote(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, character: string) => {
    if (character === 'n') return '\n';
    if (character === '\\' || character === '"') return character;
    throw new Error(`parse error: unknown escape sequence \\${character}`);
  });
}
