import { type HttpPreset, httpPresets } from './http-presets.ts';
import { podLabels, resourcePresets } from './presets.ts';

/** The reference page of the presets, from their data. */
export function presetReference(): string {
  return `${[
    '<!-- Written by `npm run generate` from src/evidence; do not edit. -->',
    '# Presets',
    'Which metrics an application exports is looked up: one query for each track and pair of pod labels brings the names, and those of a preset are taken. Applications with a status and a histogram come first, then sidecars, then applications without a histogram, then those without a status; what both tracks export comes before what stable alone has. `status.analysis.preset` says which one was found, the `query` of each metric what is asked. `spec.analysis.preset: NAME` names one.',
    table(
      ['Preset', 'Who exports it', 'Latency', 'Requests', 'Status', 'Route', 'Class of error'],
      httpPresets.map(row),
    ),
    'Latency is the base name: a classic histogram (`_bucket`), a native one, or only `_sum` and `_count`, of which the mean is compared. Of several labels the first that is there counts; `a+b` is a route of two labels, written `/A/B`. Before a request is counted as an error its status is matched against `spec.analysis.errors.codes`.',
    '## Notes',
    httpPresets
      .filter(({ note }) => note !== undefined)
      .map(({ name, note }) => `- \`${name}\`: ${note ?? ''}`)
      .join('\n'),
    '## gRPC',
    'A gRPC code, by name or number, counts as the HTTP status that it stands for. So the default `5..` means the codes for which the server is to blame: `Unknown`, `DeadlineExceeded`, `Unimplemented`, `Internal`, `Unavailable`, `DataLoss`. Others can be named: `ResourceExhausted`, or `429`.',
    '## CPU and memory',
    table(
      ['From', 'CPU', 'Memory'],
      resourcePresets.map(({ name, cpu, memory }) => [name, code(cpu), code(memory)]),
    ),
    '## Pods',
    'Series are asked for by the exact names of the pods, under the first of these pairs of labels that has them:',
    table(
      ['Pod', 'Namespace'],
      podLabels.map(({ pod, namespace }) => [code(pod), code(namespace)]),
    ),
  ].join('\n\n')}\n`;
}

function row(preset: HttpPreset): string[] {
  const { name, libraries, durations, secondsPerUnit, counters, failureLabels = [] } = preset;
  const matchers = Object.entries(preset.only ?? {}).map(([label, value]) => `${label}="${value}"`);
  const unit = secondsPerUnit === 1 ? 's' : 'ms';
  const only = matchers.length === 0 ? '' : `, only ${codes(matchers)}`;
  const classes = [...preset.classLabels, ...(preset.exceptions === undefined ? [] : [preset.exceptions.counter])];
  return [
    code(name),
    libraries,
    `${codes(durations)} (${unit})${only}`,
    codes(counters),
    codes([...preset.statusLabels, ...failureLabels]),
    codes(preset.routeLabels),
    codes(classes),
  ];
}

function code(text: string): string {
  return `\`${text}\``;
}

function codes(texts: readonly string[]): string {
  return texts.map(code).join(', ') || '-';
}

function table(head: string[], body: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
