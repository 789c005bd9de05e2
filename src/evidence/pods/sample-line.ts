import type { Labels } from '../prometheus/schema.ts';
import type { Sample } from './sample.ts';

/** What is wrong with a line; thrown inside the parser only. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(,?)/y;
const CLOSE = /[ \t]*\}/y;
const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

/** The name at the start of a line. Throws LineError when there is none. */
export function nameOf(line: string): string {
  NAME.lastIndex = 0;
  const name = NAME.exec(line)?.[0];
  if (name === undefined) throw new LineError('no metric name');
  return name;
}

/**
 * Reads `name{labels} value [timestamp]`, and behind it an exemplar where the format has them. Throws LineError.
 *
 * @param name what `nameOf` said of the line
 */
export function readSample(line: string, name: string, exemplars: boolean): Sample {
  const opening = skipBlanks(line, name.length);
  const { labels, end } = line[opening] === '{' ? readLabels(line, opening + 1) : { labels: {}, end: name.length };
  const rest = line.slice(end);
  if (!/^[ \t{]/.test(rest) && line[end - 1] !== '}') throw new LineError('no value');
  const mark = exemplars ? rest.indexOf(' # ') : -1;
  const [value, timestamp, ...more] = (mark < 0 ? rest : rest.slice(0, mark)).trim().split(/[ \t]+/);
  if (more.length > 0) throw new LineError('more than a value and a timestamp');
  if (timestamp !== undefined && !FLOAT.test(timestamp)) throw new LineError('the timestamp is no number');
  if (mark >= 0) checkExemplar(rest.slice(mark + 3));
  return { name, labels, value: numberOf(value ?? '') };
}

/** A line that is not wanted must still look like one: a page of text is no exposition. Throws LineError. */
export function checkUnread(line: string, name: string): void {
  const next = line[name.length];
  if (next !== '{' && next !== ' ' && next !== '\t') throw new LineError('no value');
  const whole = line.trimEnd();
  const last = Math.max(whole.lastIndexOf(' '), whole.lastIndexOf('\t'), whole.lastIndexOf('}'));
  numberOf(whole.slice(last + 1));
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line[at] === ' ' || line[at] === '\t') at += 1;
  return at;
}

function readLabels(line: string, from: number): { labels: Labels; end: number } {
  const labels: Labels = {};
  let at = from;
  let open = true;
  for (;;) {
    CLOSE.lastIndex = at;
    if (CLOSE.test(line)) return { labels, end: CLOSE.lastIndex };
    LABEL.lastIndex = at;
    const found: RegExpExecArray | null = open ? LABEL.exec(line) : null;
    if (found === null) throw new LineError('the labels are not name="value", separated by commas');
    const [label, value, comma]: string[] = found.slice(1);
    if (label === undefined || value === undefined) throw new LineError('a label has no value');
    if (Object.hasOwn(labels, label)) throw new LineError(`the label ${label} stands twice`);
    // Not a plain assignment: a label may be called __proto__.
    Object.defineProperty(labels, label, { value: unescape(value), enumerable: true, writable: true });
    open = comma !== '';
    at = LABEL.lastIndex;
  }
}

/** Unknown escapes stay as they are, as in Prometheus. */
function unescape(value: string): string {
  if (!value.includes('\\')) return value;
  return value.replaceAll(/\\(["\\n])/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

function numberOf(text: string): number {
  if (FLOAT.test(text)) return Number(text);
  const special = SPECIAL[text.toLowerCase()];
  if (special === undefined) throw new LineError('the value is no number');
  return special;
}

function checkExemplar(text: string): void {
  if (!text.startsWith('{')) throw new LineError('the exemplar has no labels');
  const { end } = readLabels(text, 1);
  const [value, timestamp, ...more] = text
    .slice(end)
    .trim()
    .split(/[ \t]+/);
  numberOf(value ?? '');
  if (more.length > 0 || (timestamp !== undefined && !FLOAT.test(timestamp))) throw new LineError('bad exemplar');
}
