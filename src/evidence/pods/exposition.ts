import type { Sample } from './sample.ts';
import { checkUnread, LineError, nameOf, readSample } from './sample-line.ts';

/** Prometheus' text format 0.0.4, or OpenMetrics 1.0, which must end with `# EOF`. */
export type Format = 'text' | 'openmetrics';

export type Parsed = { ok: true; samples: Sample[] } | { ok: false; message: string };

const KINDS = new Set('counter gauge histogram summary untyped unknown gaugehistogram info stateset'.split(' '));
const META = /^# (?<word>HELP|TYPE|UNIT) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?: (?<text>.*))?$/;

/** The format that a Content-Type names; anything but OpenMetrics is read as text, as Prometheus does. */
export function formatOf(contentType: string | undefined): Format {
  return /^application\/openmetrics-text\b/i.test(contentType ?? '') ? 'openmetrics' : 'text';
}

/**
 * Reads an exposition. All of it or nothing: a line that is no sample, a series that stands twice and an OpenMetrics
 * body without its end are errors, since half of a scrape would read as a counter that fell.
 *
 * @param keep names that are wanted; lines of others are hardly looked at
 */
export function parseExposition(body: string, format: Format, keep?: (name: string) => boolean): Parsed {
  const samples: Sample[] = [];
  const seen = new Set<string>();
  let number = 0;
  let ended = false;
  try {
    for (const line of linesOf(body)) {
      number += 1;
      if (ended) throw new LineError('text after # EOF');
      ended = format === 'openmetrics' && line === '# EOF';
      const sample = ended ? undefined : readLine(line, format, keep);
      if (sample === undefined) continue;
      addOnce(seen, sample);
      samples.push(sample);
    }
    if (format === 'openmetrics' && !ended) throw new LineError('the end (# EOF) is missing: the body is cut off');
    return { ok: true, samples };
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    return { ok: false, message: `line ${number}: ${error.message}` };
  }
}

/** undefined for what is no sample, or none that is wanted. */
function readLine(line: string, format: Format, keep: ((name: string) => boolean) | undefined): Sample | undefined {
  if (line === '' || line.startsWith('#')) {
    checkComment(line, format);
    return undefined;
  }
  const trimmed = line.trimStart();
  const name = nameOf(trimmed);
  if (keep === undefined || keep(name)) return readSample(trimmed, name, format === 'openmetrics');
  checkUnread(trimmed, name);
  return undefined;
}

function* linesOf(body: string): Generator<string> {
  let from = 0;
  while (from < body.length) {
    const end = body.indexOf('\n', from);
    const to = end < 0 ? body.length : end;
    yield body[to - 1] === '\r' ? body.slice(from, to - 1) : body.slice(from, to);
    from = to + 1;
  }
}

/** Text may hold any comment; OpenMetrics has only descriptions of metrics. */
function checkComment(line: string, format: Format): void {
  const meta = META.exec(line)?.groups;
  if (meta === undefined) {
    if (format === 'openmetrics') throw new LineError('neither a sample nor HELP, TYPE, UNIT or EOF');
    return;
  }
  if (meta['word'] === 'TYPE' && !KINDS.has(meta['text'] ?? '')) throw new LineError('unknown type of metric');
}

function addOnce(seen: Set<string>, { name, labels }: Sample): void {
  const pairs = Object.keys(labels).toSorted();
  const key = JSON.stringify([name, ...pairs.flatMap((label) => [label, labels[label]])]);
  if (seen.has(key)) throw new LineError(`the series ${name} stands twice with the same labels`);
  seen.add(key);
}
