import { stringify } from 'yaml';
import { releaseSchema } from './crd.ts';
import { API_VERSION, KIND } from './names.ts';
import { conditionReasons, eventReasons, evidenceReasons, outcomeReasons, type ReasonDoc } from './reasons.ts';
import type { Schema } from './structural.ts';

const generated = '<!-- Written by `npm run generate` from src/api; do not edit. -->';

/** The reference page of the kind: every field with type, default and description. */
export function kindReference(): string {
  const { description = '', properties = {}, ...root } = releaseSchema();
  const { spec = {}, status = {} } = properties;
  return [
    generated,
    `# ${KIND}`,
    `\`${API_VERSION}\`, namespaced, short name \`crel\`. ${description}`,
    'Only `spec.targetRef.name` is required. With all defaults:',
    `\`\`\`yaml\n${defaultsExample(spec)}\`\`\``,
    '## What is refused',
    ruleList(root, spec),
    '## spec',
    table(rows(spec, 'spec')),
    '## status',
    'Written by the operator alone. What is not known is left out.',
    table(rows(status, 'status')),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

/** The page of all reasons. */
export function reasonsReference(): string {
  const lines = (docs: Record<string, ReasonDoc>): string =>
    table([
      ['Reason', 'Meaning', 'What to do'],
      ...Object.entries(docs).map(([name, { meaning, remedy = '' }]) => [`\`${name}\``, meaning, remedy]),
    ]);
  const events = table([
    ['Reason', 'Type', 'Meaning'],
    ...Object.entries(eventReasons).map(([name, { type, meaning }]) => [`\`${name}\``, type, meaning]),
  ]);
  return `${[
    generated,
    '# Reasons',
    '## Ready, Reconciling, Stalled, Regression',
    lines(conditionReasons),
    '## EvidenceAvailable',
    lines(evidenceReasons),
    '## status.analysis.reason and ledger',
    'Beside the names of the metrics that decided, such as `latency-p95` or `errors`.',
    lines(outcomeReasons),
    '## Events',
    events,
  ].join('\n\n')}\n`;
}

/** JSON Schema (draft 7) for editors: as the CRD, and an unknown field is an error, as a typing mistake should be. */
export function editorSchema(): Record<string, unknown> {
  const schema = strict(releaseSchema());
  const properties = schema['properties'] as Record<string, unknown>;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `${KIND} ${API_VERSION}`,
    ...schema,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      ...properties,
      apiVersion: { description: 'Version of the API.', const: API_VERSION },
      kind: { description: 'Kind of the object.', const: KIND },
      metadata: { type: 'object' },
    },
  };
}

function strict(schema: Schema): Record<string, unknown> {
  const { nullable, properties, items, type, ...rest } = schema;
  const kept = Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith('x-kubernetes-')));
  return {
    ...kept,
    ...(type === undefined ? {} : { type: nullable === true ? [type, 'null'] : type }),
    ...(properties === undefined
      ? {}
      : {
          additionalProperties: false,
          properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, strict(field)])),
        }),
    ...(items === undefined ? {} : { items: strict(items) }),
  };
}

function rows(schema: Schema, path: string): string[][] {
  const body = fields(schema, path);
  return [['Field', 'Type', 'Default', 'Description'], ...body];
}

function fields(schema: Schema, path: string): string[][] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const own = `${path}.${name}`;
    const inner = field.type === 'array' ? fields(field.items ?? {}, `${own}[]`) : fields(field, own);
    const preset =
      inner.length > 0 ? '' : required.has(name) && path.startsWith('spec') ? 'required' : shown(field.default);
    return [[`\`${own}\``, typeOf(field), preset, field.description ?? ''], ...inner];
  });
}

function shown(value: unknown): string {
  return value === undefined ? '' : `\`${typeof value === 'string' ? value || '""' : JSON.stringify(value)}\``;
}

function typeOf(field: Schema): string {
  if (field.enum !== undefined)
    return field.enum.map((value) => `\`${value === '' ? '""' : String(value)}\``).join(', ');
  if (field.type === 'array') return `list of ${field.items?.type ?? ''}, at most ${field.maxItems}`;
  if (field.format === 'date-time') return 'time';
  const [rule] = (field['x-kubernetes-validations'] ?? []) as { message: string }[];
  if (rule !== undefined && field.type === 'string') return rule.message.replace('must be a ', '');
  const { minimum, maximum } = field;
  if (minimum !== undefined && maximum !== undefined) return `integer, ${minimum} to ${maximum}`;
  return field.type ?? '';
}

function ruleList(...schemas: Schema[]): string {
  const own = schemas.flatMap((schema) => (schema['x-kubernetes-validations'] ?? []) as { message: string }[]);
  const inner = schemas.flatMap((schema) => Object.values(schema.properties ?? {}).flatMap(objectRules));
  return [...new Set([...own, ...inner].map(({ message }) => message))].map((message) => `- ${message}`).join('\n');
}

/** Bounds of single strings stand with their fields. */
function objectRules(schema: Schema): { message: string }[] {
  if (schema.type !== 'object') return [];
  const own = (schema['x-kubernetes-validations'] ?? []) as { message: string }[];
  return [...own, ...Object.values(schema.properties ?? {}).flatMap(objectRules)];
}

function defaultsExample(spec: Schema): string {
  const example = { apiVersion: API_VERSION, kind: KIND, metadata: { name: 'checkout' }, spec: defaults(spec) };
  return stringify(example, { lineWidth: 120 });
}

function defaults(schema: Schema): unknown {
  if (schema.type !== 'object') return schema.default;
  const values = Object.entries(schema.properties ?? {}).map(([name, field]) => [name, defaults(field)]);
  const known = values.filter(([, value]) => value !== undefined);
  return { ...(schema.required?.includes('name') === true ? { name: 'checkout' } : {}), ...Object.fromEntries(known) };
}

function table([head = [], ...body]: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
