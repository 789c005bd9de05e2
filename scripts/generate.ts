/**
 * Writes what is made from src/api, src/evidence and deploy/kustomize/base: the CRD, the reference pages, the JSON schema
 * for editors and the templates of the Helm chart.
 * `tsx scripts/generate.ts` writes, `--check` fails where a file is not what it should be.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { crd } from '../src/api/crd.ts';
import { editorSchema, kindReference, reasonsReference } from '../src/api/reference.ts';
import { presetReference } from '../src/evidence/preset-reference.ts';

import { helmTemplates } from './helm-templates.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const header = '# Written by `npm run generate` from src/api; do not edit.\n';

function files(): Record<string, string> {
  const schemaPath = 'docs/reference/canaryrelease.schema.json';
  const crdText = header + stringify(crd(), { lineWidth: 120, aliasDuplicateObjects: false });
  return {
    'crds/tandem.dev_canaryreleases.yaml': crdText,
    ...helmTemplates(root, crdText),
    'docs/reference/canaryrelease.md': kindReference(),
    'docs/reference/reasons.md': reasonsReference(),
    'docs/reference/presets.md': presetReference(),
    [schemaPath]: formatted(schemaPath, JSON.stringify(editorSchema())),
  };
}

/** As `npm run format` would leave it. */
function formatted(path: string, content: string): string {
  const biome = join(root, 'node_modules/.bin/biome');
  return execFileSync(biome, ['format', `--stdin-file-path=${path}`], { cwd: root, input: content, encoding: 'utf8' });
}

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

/** The first line that differs, for a person who wonders why. */
function difference(path: string, wanted: string): string {
  const found = current(path);
  if (found === undefined) return `${path} is missing`;
  const lines = found.split('\n');
  const index = wanted.split('\n').findIndex((line, at) => line !== lines[at]);
  const at = index === -1 ? wanted.split('\n').length : index;
  return `${path}:${at + 1}\n  is:        ${lines[at] ?? '(nothing)'}\n  should be: ${wanted.split('\n')[at] ?? '(nothing)'}`;
}

function check(): void {
  const stale = Object.entries(files()).filter(([path, content]) => current(path) !== content);
  if (stale.length === 0) return;
  for (const [path, content] of stale) console.error(difference(path, content));
  console.error('Generated files are not current: run `npm run generate` and commit what it writes.');
  process.exitCode = 1;
}

function write(): void {
  for (const [path, content] of Object.entries(files())) {
    if (current(path) === content) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    console.log(`wrote ${path}`);
  }
}

if (process.argv.includes('--check')) check();
else write();
