import { describe, expect, it } from 'vitest';
import { crd, releaseSchema } from './crd.ts';
import { parseSpec } from './schema.ts';
import type { Schema } from './structural.ts';

/** As the API server defaults: a missing field takes its default, and the fields of that are filled in turn. */
function defaulted(value: unknown, schema: Schema): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const result: Record<string, unknown> = { ...value };
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const given = result[name] ?? structuredClone(field.default);
    if (given !== undefined) result[name] = defaulted(given, field);
  }
  return result;
}

function section(name: string): Schema {
  const found = releaseSchema().properties?.[name];
  if (found === undefined) throw new Error(`the schema has no ${name}`);
  return found;
}

describe('the CRD', () => {
  it('fills in the same defaults as parseSpec', () => {
    const minimal = { targetRef: { name: 'checkout' } };
    const stored = defaulted(minimal, section('spec'));
    expect(stored).toMatchObject({ analysis: { latency: { quantiles: ['0.5', '0.95'] } }, canary: { env: {} } });
    expect(parseSpec(stored)).toEqual(parseSpec(minimal));
  });

  it('marks a fresh object as not looked at, so that nobody takes it for ready', () => {
    expect(section('status').default).toEqual({ observedGeneration: -1 });
  });

  it('asks for the name of the target and nothing else', () => {
    expect(releaseSchema().required).toEqual(['spec']);
    expect(section('spec').required).toEqual(['targetRef']);
    expect(section('spec').properties?.['targetRef']?.required).toEqual(['name']);
  });

  it('has no rule at a section whose default the API server checks before it is filled', () => {
    const unfilled: string[] = [];
    const walk = (schema: Schema, path: string): void => {
      const names = Object.keys(schema.properties ?? {}).filter(
        (name) => schema.properties?.[name]?.default !== undefined,
      );
      const used = ((schema['x-kubernetes-validations'] ?? []) as { rule: string }[]).filter(({ rule }) =>
        names.some((name) => rule.includes(`self.${name}`) && !rule.includes(`has(self.${name})`)),
      );
      if (schema.default !== undefined && used.length > 0) unfilled.push(path);
      for (const [name, field] of Object.entries(schema.properties ?? {})) walk(field, `${path}.${name}`);
    };
    walk(releaseSchema(), '');
    expect(unfilled).toEqual([]);
  });

  it('lists conditions as a map by type, as kubectl wait and server-side apply expect', () => {
    expect(section('status').properties?.['conditions']).toMatchObject({
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    });
  });

  it('shows target, phase, verdict, versions, share and age; the message in wide', () => {
    const { versions } = crd()['spec'] as {
      versions: { additionalPrinterColumns: { name: string; priority?: number }[] }[];
    };
    const columns = versions[0]?.additionalPrinterColumns ?? [];
    expect(columns.filter(({ priority }) => priority !== 1).map(({ name }) => name)).toEqual([
      'Target',
      'Phase',
      'Verdict',
      'Stable',
      'Canary',
      'Share',
      'Age',
    ]);
    expect(columns.filter(({ priority }) => priority === 1).map(({ name }) => name)).toEqual(['Message']);
  });
});
