import { parser } from '@prometheus-io/lezer-promql';
import { podLabels } from '../presets.ts';
import { quote } from '../prometheus/promql.ts';
import { unquote } from './literal.ts';

/** What is wrong with a query, and at which character of it (from 1). */
export interface QueryProblem {
  position: number;
  message: string;
}

export type MatchOperator = '=' | '!=' | '=~' | '!~';

/** `label op "value"`; the value may still hold placeholders. */
export interface Matcher {
  label: string;
  operator: MatchOperator;
  value: string;
}

/** `metric{...}` as the user wrote it. */
export interface Selector {
  metric: string | undefined;
  matchers: Matcher[];
}

/**
 * A query as pieces that are written anew: nothing of the user's text reaches the server but names, numbers and operators
 * of the grammar and strings that were decoded. What another reader would take for a comment or an escape is gone.
 */
export type Piece = string | Selector;

export type Compiled = { pieces: Piece[] } | { problem: QueryProblem };

type Cursor = ReturnType<ReturnType<typeof parser.parse>['cursor']>;

const namespaceLabels: ReadonlySet<string> = new Set(podLabels.map(({ namespace }) => namespace));
const number = /^[+-]?\s*[0-9A-Za-z_.]+(?:[+-][0-9_]+)?$/;
const word = /^[A-Za-z_:][A-Za-z0-9_:]*$/;
const operator = /^[-+*/%^=!<>~@]+$/;
const label = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What stands between the named parts of a tree: white space and these. */
const punctuation = '()[]{},:+-';

/** Thrown inside this file only. */
class Refusal extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/**
 * Reads a custom query. `{{namespace}}` and `{{pods}}` may stand in the strings of label matchers and nowhere else;
 * both must occur. Whether the functions and types fit is left to the server.
 */
export function compileQuery(query: string): Compiled {
  try {
    const pieces = readPieces(query);
    requirePlaceholders(pieces);
    return { pieces };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { problem: { position: error.at + 1, message: error.message } };
  }
}

function readPieces(query: string): Piece[] {
  for (let at = 0; at < query.length; at += 1) {
    const code = query.charCodeAt(at);
    if ((code < 0x20 && code !== 0x0a && code !== 0x09) || code === 0x7f)
      throw new Refusal(at, 'control characters are not allowed: write spaces and line feeds only');
  }
  const reader = new Reader(query);
  reader.visit(parser.parse(query).cursor());
  reader.gapUntil(query.length);
  return reader.pieces;
}

class Reader {
  readonly pieces: Piece[] = [];
  readonly #query: string;
  #at = 0;

  constructor(query: string) {
    this.#query = query;
  }

  /** Reads the node that the cursor stands at, and all below it. */
  visit(cursor: Cursor): void {
    const { name, from, to } = cursor;
    if (cursor.type.isError) throw new Refusal(from, `this is not PromQL: ${near(this.#query, from)}`);
    if (name === 'Info') throw new Refusal(from, 'info() is not allowed: it reads series that no matcher bounds');
    if (name === 'VectorSelector') return this.#selector(cursor);
    if (cursor.firstChild()) {
      do this.visit(cursor);
      while (cursor.nextSibling());
      cursor.parent();
      return;
    }
    this.gapUntil(from);
    if (name === 'LineComment') this.#at = to;
    else if (isToken(name)) this.#token(name, from, to);
  }

  /** White space and punctuation up to `end`. */
  gapUntil(end: number): void {
    for (; this.#at < end; this.#at += 1) {
      const character = this.#query[this.#at] ?? '';
      if (character === ' ' || character === '\n' || character === '\t') continue;
      if (!punctuation.includes(character))
        throw new Refusal(this.#at, `this is not PromQL: ${near(this.#query, this.#at)}`);
      this.pieces.push(character);
    }
  }

  #token(name: string, from: number, to: number): void {
    const text = this.#query.slice(from, to);
    this.#at = to;
    if (name === 'StringLiteral') {
      const value = stringAt(text, from);
      if (value.includes('{{')) throw new Refusal(from, 'placeholders may stand in label matchers only');
      this.pieces.push(quote(value));
      return;
    }
    const isNumber = name.startsWith('NumberDurationLiteral');
    if (isNumber ? !number.test(text) : !word.test(text) && !operator.test(text))
      throw new Refusal(from, `this is not PromQL: ${near(this.#query, from)}`);
    this.pieces.push(isNumber ? text.replaceAll(/\s/g, '') : text);
  }

  #selector(cursor: Cursor): void {
    this.gapUntil(cursor.from);
    const { to, from } = cursor;
    const selector: Selector = { metric: undefined, matchers: [] };
    cursor.node.cursor().iterate((node) => {
      if (node.type.isError) throw new Refusal(node.from, `this is not PromQL: ${near(this.#query, node.from)}`);
      if (node.name === 'Identifier') selector.metric = this.#query.slice(node.from, node.to);
      // A quoted name that stands alone is the name of the metric; Prometheus refuses two of them.
      if (node.name === 'QuotedLabelName' && node.node.parent?.name === 'LabelMatchers')
        selector.matchers.push({ label: '__name__', operator: '=', value: this.#text(node.from, node.to) });
      if (node.name === 'UnquotedLabelMatcher' || node.name === 'QuotedLabelMatcher')
        selector.matchers.push(this.#matcher(node.node));
    });
    if (selector.metric !== undefined && !word.test(selector.metric))
      throw new Refusal(from, `this is not PromQL: ${near(this.#query, from)}`);
    this.pieces.push(selector);
    this.#at = to;
  }

  #matcher(node: Cursor['node']): Matcher {
    const [name, op, value] = [node.firstChild, node.getChild('MatchOp'), node.lastChild];
    if (name === null || op === null || value === null)
      throw new Refusal(node.from, `this is not PromQL: ${near(this.#query, node.from)}`);
    const raw = this.#query.slice(name.from, name.to);
    const matcher: Matcher = {
      label: name.name === 'LabelName' ? raw : this.#text(name.from, name.to),
      operator: this.#query.slice(op.from, op.to) as MatchOperator,
      value: this.#text(value.from, value.to),
    };
    const problem = matcherProblem(matcher);
    if (problem !== undefined) throw new Refusal(node.from, problem);
    return matcher;
  }

  #text(from: number, to: number): string {
    return stringAt(this.#query.slice(from, to), from);
  }
}

/** An empty pair of brackets is a node of the tree, and no token. */
function isToken(name: string): boolean {
  return name !== 'FunctionCallBody' && name !== 'GroupingLabels' && name !== 'PromQL';
}

function stringAt(literal: string, at: number): string {
  const unquoted = unquote(literal);
  if ('problem' in unquoted) throw new Refusal(at, unquoted.problem);
  return unquoted.text;
}

function near(query: string, at: number): string {
  const rest = query.slice(at, at + 20);
  return rest === '' ? 'it ends too early' : `unexpected ${JSON.stringify(rest)}`;
}

const placeholder = /\{\{.*?\}\}/g;

function matcherProblem({ label: name, operator: op, value }: Matcher): string | undefined {
  const isRegex = op === '=~' || op === '!~';
  if (!isRegex && op !== '=' && op !== '!=') return `${String(op)} is no operator of a label matcher`;
  if (name.includes('{{')) return 'placeholders may stand in the values of label matchers only';
  const unknown = [...value.matchAll(placeholder)].find(([text]) => text !== '{{namespace}}' && text !== '{{pods}}');
  if (unknown !== undefined) return `${unknown[0]} is no placeholder: there are {{namespace}} and {{pods}}`;
  if (value.includes('{{pods}}') && !isRegex) return `{{pods}} is a regular expression: write ${name}=~"{{pods}}"`;
  const isOwn = value === '{{namespace}}' && !op.startsWith('!');
  if (namespaceLabels.has(name) && !isOwn)
    return `a query reads the namespace of its CanaryRelease only: write ${name}="{{namespace}}"`;
  return undefined;
}

function requirePlaceholders(pieces: readonly Piece[]): void {
  const matchers = pieces.flatMap((piece) => (typeof piece === 'string' ? [] : piece.matchers));
  if (!matchers.some(({ value }) => value.includes('{{namespace}}')))
    throw new Refusal(0, 'no label matcher names {{namespace}}: write for example {namespace="{{namespace}}"}');
  if (!matchers.some(({ operator: op, value }) => op === '=~' && value.includes('{{pods}}')))
    throw new Refusal(
      0,
      'no label matcher names {{pods}}, so both tracks would have the same value: write for example {pod=~"{{pods}}"}',
    );
}

/** Whether a label can be written without quotes. */
export function isPlainLabel(name: string): boolean {
  return label.test(name);
}
