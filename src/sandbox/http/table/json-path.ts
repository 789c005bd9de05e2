import { isFields } from '../../json.ts';
import { notImplemented } from '../../server/failures.ts';

/** One step of a path: from values to the values under them. */
type Step = (values: unknown[]) => unknown[];

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  return isFields(value) ? Object.values(value) : [];
}

function field(name: string): Step {
  return (values) => values.flatMap((value) => (isFields(value) && name in value ? [value[name]] : []));
}

function index(position: number): Step {
  return (values) =>
    values.flatMap((value) => {
      if (!Array.isArray(value)) return [];
      const found: unknown = value.at(position);
      return found === undefined ? [] : [found];
    });
}

function filter(names: string[], operator: string, wanted: string): Step {
  const matches = (item: unknown): boolean => {
    let here = item;
    for (const name of names) here = isFields(here) ? here[name] : undefined;
    const text = typeof here === 'string' ? here : JSON.stringify(here);
    return here !== undefined && (text === wanted) === (operator === '==');
  };
  return (values) => values.flatMap((value) => children(value).filter(matches));
}

/** What a path may consist of, tried in this order; each with the step that it makes. */
const PARTS: [RegExp, (match: RegExpExecArray) => Step][] = [
  [/^\.?\[\*\]|^\.\*/, () => (values) => values.flatMap(children)],
  [/^\.?\[(-?\d+)\]/, (match) => index(Number(match[1]))],
  [/^\.?\[['"]([^'"]+)['"]\]/, (match) => field(match[1] ?? '')],
  [
    /^\.?\[\?\(\s*@\.([\w.-]+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([\w.-]+))\s*\)\]/,
    (match) => filter((match[1] ?? '').split('.'), match[2] ?? '', match[3] ?? match[4] ?? match[5] ?? ''),
  ],
  [/^\.((?:[^.[\]\\*?]|\\.)+)/, (match) => field((match[1] ?? '').replaceAll(/\\(.)/g, '$1'))],
];

function parseStep(text: string): { step: Step; length: number } | undefined {
  for (const [pattern, make] of PARTS) {
    const match = pattern.exec(text);
    if (match !== null) return { step: make(match), length: match[0].length };
  }
  return undefined;
}

/**
 * A JSONPath as printer columns use it: fields, indexes, `[*]` and filters that compare one field with a literal. Throws
 * 501 for anything else. The result finds the values in an object, in their order.
 */
export function parseJsonPath(path: string): (object: unknown) => unknown[] {
  const steps: Step[] = [];
  let rest = path.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, '');
  if (!rest.startsWith('.') && !rest.startsWith('[')) rest = `.${rest}`;
  while (rest !== '' && rest !== '.') {
    const found = parseStep(rest);
    if (found === undefined) throw notImplemented(`the JSONPath ${JSON.stringify(path)} of a printer column`);
    steps.push(found.step);
    rest = rest.slice(found.length);
  }
  return (object) => steps.reduce((values, step) => step(values), [object]);
}
