import type { PodLabels } from '../presets.ts';
import { literal, quote } from '../prometheus/promql.ts';
import { isPlainLabel, type Matcher, type Piece, type Selector } from './template.ts';

/** Whom a query is asked for. */
export interface Audience {
  namespace: string;
  /** Names of the pods of one track, at least one. */
  pods: readonly string[];
  /** The labels that name a series' namespace and pod, as they were found. */
  labels: PodLabels;
}

/**
 * The text of a query for one track. Every vector selector carries the matcher of the namespace, first and whatever else
 * stands in it: all matchers of a selector have to hold, so none of the user's can undo it.
 */
export function renderQuery(pieces: readonly Piece[], audience: Audience): string {
  let text = '';
  for (const piece of pieces) {
    const next = typeof piece === 'string' ? piece : renderSelector(piece, audience);
    text += separator(text, next) + next;
  }
  return text;
}

/** Tokens stand apart except around brackets, so that no two of them can become another one. */
function separator(before: string, next: string): string {
  if (before === '' || /[([{:]$/.test(before) || /^[)\]},:[]/.test(next)) return '';
  return next === '(' && /\w$/.test(before) ? '' : ' ';
}

function renderSelector({ metric, matchers }: Selector, audience: Audience): string {
  const { namespace, labels } = audience;
  const own = matchers.filter(({ label }) => label !== labels.namespace);
  const all = [`${labels.namespace}=${quote(namespace)}`, ...own.map((matcher) => renderMatcher(matcher, audience))];
  return `${metric ?? ''}{${all.join(',')}}`;
}

function renderMatcher({ label, operator, value }: Matcher, { namespace, pods }: Audience): string {
  const names = pods.map(literal).join('|');
  const list = value === '{{pods}}' ? names : `(?:${names})`;
  const filled = value.replaceAll(/\{\{(?:namespace|pods)\}\}/g, (word) => (word === '{{pods}}' ? list : namespace));
  return `${isPlainLabel(label) ? label : quote(label)}${operator}${quote(filled)}`;
}
