import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { helmTemplates } from './helm-templates.ts';

const root = join(import.meta.dirname, '..');

describe('the templates of the chart', () => {
  const templates = Object.values(helmTemplates(root, 'kind: CustomResourceDefinition\nmetadata: {name: x}\n'));
  const documents = templates.flatMap((text) => text.split(/^---\n/m));

  it('leave out on older API servers what these do not know, and nothing else', () => {
    const kinds = documents.map((text) => /^kind: ?(.*)$/m.exec(text)?.[1] ?? '');
    const optional = documents.map((text) => text.includes('{{- if .Values.gatePolicies }}'));

    expect(kinds.filter((kind) => kind.startsWith('Mutating'))).toHaveLength(4);
    expect(kinds.filter((_, index) => optional[index])).toEqual(kinds.filter((kind) => kind.startsWith('Mutating')));
  });

  it('end what they begin', () => {
    for (const text of documents) {
      const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
      expect(count(/\{\{- (if|with|range) /g), text.slice(0, 200)).toBe(count(/\{\{- end \}\}/g));
    }
  });
});
