import { formatValue } from '../../cli/format.ts';
import { plainText } from '../../lib/plain-text.ts';
import type { CourseMetric } from '../course.ts';
import type { ReleaseRecord } from '../record.ts';
import { comparisonHead, comparisonRows } from './comparisons.ts';
import { type Fact, type Told, tell } from './parts.ts';
import { percent } from './plot.ts';

/** One release as Markdown, for terminals, chats and pull requests. */
export function markdownReport(record: ReleaseRecord): string {
  const told = tell(record);
  const sections: [string, string][] = [
    ['Lacks', record.lacks.map((text) => `- ${beginning(text)}\n`).join('')],
    ['Warnings', (record.analysis?.warnings ?? []).map((text) => `- ${beginning(text)}\n`).join('')],
    ['Timeline', timeline(told)],
    ['Comparisons', comparisons(record)],
    ['Both tracks over time', courses(told)],
    ['Queries', queries(record)],
    ['Environment', facts(told.environment)],
    ['Asked of the judge', record.asked === undefined ? '' : fenced(JSON.stringify(record.asked, null, 2), 'json')],
  ];
  const text = sections.filter(([, content]) => content !== '').map(([name, content]) => `\n## ${name}\n\n${content}`);
  return `# ${plain(told.title)}\n\n${beginning(record.sentence)}\n\n${facts(told.facts)}${text.join('')}`;
}

/** Nothing in it is taken for Markdown or HTML, and it stays on its line. */
function plain(text: string): string {
  return plainText(text)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]<>#|~&$]/g, (character) => `\\${character}`);
}

/** A text with which a line begins: no list, no rule, no heading. */
function beginning(text: string): string {
  return plain(text)
    .replace(/^ ?(?=[-+=])/, '\\')
    .replace(/^(?<digits> ?\d+)(?=[.)])/, '$<digits>\\');
}

function table(header: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |\n`;
  return line(header) + line(header.map(() => '---')) + rows.map(line).join('');
}

function facts(known: Fact[]): string {
  return known.length === 0
    ? ''
    : table(
        ['', ''],
        known.map(([name, value]) => [plain(name), plain(value)]),
      );
}

/** A block that no text can end. */
function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}\n`;
}

function timeline({ timeline: lines }: Told): string {
  return lines
    .map(({ at, what, note }) => `- ${plain(at)} **${plain(what)}**${note === '' ? '' : ` ${plain(note)}`}\n`)
    .join('');
}

function comparisons(record: ReleaseRecord): string {
  const rows = comparisonRows(record);
  if (rows.length === 0) return '';
  return table(
    comparisonHead,
    rows.map((cells) => cells.map(plain)),
  );
}

const steps = '▁▂▃▄▅▆▇█';
const widest = 60;

function courses({ course, marks }: Told): string {
  const metrics = course?.metrics ?? [];
  if (metrics.length === 0) return '';
  const said = marks.map(({ at, label }) => `- ${new Date(at).toISOString()} ${plain(label)}\n`).join('');
  return `${said}${said === '' ? '' : '\n'}${fenced(metrics.map(sparklines).join('\n\n'))}`;
}

/** Both tracks on one scale. */
function sparklines({ name, unit, limit, points }: CourseMetric): string {
  const every = Math.max(1, Math.ceil(points.length / widest));
  const shown = points.filter((_, index) => (points.length - 1 - index) % every === 0);
  const values = shown.flatMap(({ stable, canary }) => [stable, canary]).filter((value) => value !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const spark = (series: (number | null)[]): string =>
    series.map((value) => (value === null ? ' ' : step((value - low) / (high - low || 1)))).join('');
  const scale =
    values.length === 0 ? 'no values' : [low, high].map((value) => formatValue(String(value), unit)).join(' to ');
  const last = shown.at(-1)?.difference ?? null;
  const ends = [
    last === null ? '' : `, at the end ${percent(last)}`,
    limit === null ? '' : `, limit ${percent(limit)}`,
  ];
  return [
    `${name.replace(/\s+/g, ' ')} (${scale}${ends.join('')})`,
    `  stable  ${spark(shown.map(({ stable }) => stable))}`,
    `  canary  ${spark(shown.map(({ canary }) => canary))}`,
  ].join('\n');
}

function step(fraction: number): string {
  return steps[Math.min(steps.length - 1, Math.max(0, Math.floor(fraction * steps.length)))] ?? ' ';
}

function queries({ queries: asked }: ReleaseRecord): string {
  return Object.entries(asked)
    .map(([signal, query]) => `${plain(signal)}\n\n${fenced(query)}`)
    .join('\n');
}
