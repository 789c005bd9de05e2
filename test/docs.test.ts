import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { releaseSchema } from '../src/api/crd.ts';
import { KIND } from '../src/api/names.ts';
import { parseSpec } from '../src/api/parse-spec.ts';
import type { Schema } from '../src/api/structural.ts';
import { exitCodes } from '../src/cli/exit.ts';
import type { CliIo } from '../src/cli/io.ts';
import { runCli } from '../src/cli/program.ts';
import { createFakeClock } from '../src/lib/fake-clock.ts';
import { readConfig } from '../src/operator/config.ts';

/** What the docs show is what the program takes, and where they point there is something. */

const root = join(import.meta.dirname, '..');
const folders = ['docs', 'src', 'test', 'deploy'];
const pages = [
  ...readdirSync(root),
  ...folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  ),
].filter((name) => name.endsWith('.md'));
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');
const fence = /^( *)```(?<language>\w*)[^\n]*\n(?<text>[^]*?)^\1```/gm;

interface Block {
  page: string;
  text: string;
  value: unknown;
}

function blocksOf(page: string): Block[] {
  return Array.from(textOf(page).matchAll(fence)).flatMap(({ groups = {} }): Block[] => {
    const { language = '', text = '' } = groups;
    const texts =
      language === 'yaml' ? [text] : Array.from(text.matchAll(/<<EOF\n([^]*?)^EOF$/gm), ([, one = '']) => one);
    return texts.flatMap((one) =>
      parseAllDocuments(one).map((document) => ({ page, text: one, value: document.toJS() as unknown })),
    );
  });
}

const fields = (value: unknown): string[] => Object.keys((value ?? {}) as object);
const blocks = pages.flatMap(blocksOf);
const configKeys = [
  'prometheus',
  'podsSource',
  'customMetrics',
  'notifications',
  'alertmanager',
  'reports',
  'trackSecrets',
];
const releaseFields = ['targetRef', 'canary', 'analysis', 'promotion', 'gate', 'suspend'];

/** The spec of a CanaryRelease, whole or in part; undefined: it shows something else. */
function specIn(value: unknown): Record<string, unknown> | undefined {
  const { kind, spec } = (value ?? {}) as { kind?: unknown; spec?: Record<string, unknown> };
  if (kind !== undefined && kind !== KIND) return undefined;
  return kind === KIND || fields(spec).some((name) => releaseFields.includes(name)) ? (spec ?? {}) : undefined;
}

/** Paths that the custom resource does not have: the API server would drop them. */
function unknownIn(value: unknown, schema: Schema | undefined, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => unknownIn(item, schema?.items, `${path}[]`));
  if (typeof value !== 'object' || value === null) return schema === undefined ? [path] : [];
  if (schema?.properties === undefined) return schema === undefined ? [path] : [];
  return Object.entries(value).flatMap(([name, inside]) =>
    unknownIn(inside, schema.properties?.[name], `${path}.${name}`),
  );
}

describe('the blocks of YAML in the docs', () => {
  const releases = blocks.filter(({ value }) => specIn(value) !== undefined);
  const configs = blocks.filter(
    ({ value }) => fields(value).length > 0 && fields(value).every((key) => configKeys.includes(key)),
  );

  it('are found', () => {
    expect(releases.length).toBeGreaterThan(6);
    expect(configs.length).toBeGreaterThan(5);
  });

  it.each(releases)('that are CanaryReleases are taken: $page', ({ value }) => {
    const parsed = parseSpec({ targetRef: { name: 'checkout' }, ...specIn(value) });
    expect('problems' in parsed ? parsed.problems : []).toEqual([]);
    expect(unknownIn(specIn(value), releaseSchema().properties?.['spec'], 'spec')).toEqual([]);
  });

  it.each(configs)('that are configurations of the operator are taken: $page', ({ text }) => {
    expect(() => readConfig(['--config', 'config.yaml'], {}, () => text)).not.toThrow();
  });
});

describe('the commands in the docs', () => {
  const lines = pages
    .filter((page) => page.startsWith('docs') || page === 'README.md')
    .flatMap((page) => Array.from(textOf(page).matchAll(/^ *(?:kubectl )?tandem (?<words>[a-z][^\n]*)/gm)))
    .map(({ groups = {} }) => (groups['words'] ?? '').replace(/\s*([#|<>]|&&).*$/, '').split(' '))
    .filter(([command = '']) => !['judge', 'operator'].includes(command));

  it.each(lines.map((words) => [words.join(' '), words] as const))('are known: tandem %s', async (_, words) => {
    let said = '';
    const io: CliIo = {
      program: 'tandem',
      stdout: () => undefined,
      stderr: (text) => void (said += text),
      color: false,
      clock: createFakeClock(),
      interrupted: () => AbortSignal.abort(),
      // What a command makes of its words is all that is looked at.
      connect: () => Promise.reject(new Error('no cluster here')),
    };
    expect(await runCli(words, io), said).not.toBe(exitCodes.usage);
  });

  it('are found', () => {
    expect(lines.length).toBeGreaterThan(10);
  });
});

/** As GitHub names a heading. */
function anchorOf(heading: string): string {
  const plain = heading.trim().replace(/[`*]/g, '').toLowerCase();
  return plain.replace(/[^\p{L}\p{N}\-_ ]/gu, '').replaceAll(' ', '-');
}

function problemOf(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(root, target))) return `${page}: ${link}`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  const headings = Array.from(
    textOf(target)
      .replaceAll(fence, '')
      .matchAll(/^#+ (.*)$/gm),
    ([, text = '']) => anchorOf(text),
  );
  return headings.includes(anchor) ? undefined : `${page}: ${link}`;
}

describe('the links of the docs', () => {
  it('lead somewhere', () => {
    const found = pages.flatMap((page) => {
      const links = Array.from(
        textOf(page)
          .replaceAll(fence, '')
          .matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g),
      );
      return links.map(([, link, source]) => problemOf(page, link ?? source ?? ''));
    });
    expect(found.length).toBeGreaterThan(100);
    expect(found.filter((problem) => problem !== undefined)).toEqual([]);
  });
});
