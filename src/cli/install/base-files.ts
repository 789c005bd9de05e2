import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Files of the manifests by path, as their kustomization.yaml names them. */
export type BaseFiles = Record<string, string>;

/** Set by scripts/build.ts: one file has no folders beside it. */
declare const TANDEM_BASE_FILES: BaseFiles | undefined;

export const KUSTOMIZATION = 'kustomization.yaml';
const folder = 'deploy/kustomize/base';

/** What the program installs: of its own build, else of the sources that it runs from. */
export function baseFiles(): BaseFiles {
  if (typeof TANDEM_BASE_FILES !== 'undefined') return TANDEM_BASE_FILES;
  return readBaseFiles(join(import.meta.dirname, '../../..'));
}

/** deploy/kustomize/base of a checkout, with everything it names outside of its folder. */
export function readBaseFiles(root: string): BaseFiles {
  const base = join(root, folder);
  const kustomization = readFileSync(join(base, KUSTOMIZATION), 'utf8');
  const { resources = [], configMapGenerator = [] } = parse(kustomization) as {
    resources?: string[];
    configMapGenerator?: { files?: string[] }[];
  };
  const named = [
    ...resources.flatMap((name) => filesOf(base, name)),
    ...configMapGenerator.flatMap(({ files = [] }) => files),
  ];
  const entries = named.map((name) => [name, readFileSync(join(base, name), 'utf8')]);
  return { [KUSTOMIZATION]: kustomization, ...(Object.fromEntries(entries) as BaseFiles) };
}

/** A resource of a kustomization is a file, or a folder of them. */
function filesOf(base: string, name: string): string[] {
  if (name.endsWith('.yaml')) return [name];
  return readdirSync(join(base, name))
    .filter((file) => file.endsWith('.yaml') && file !== KUSTOMIZATION)
    .map((file) => `${name}/${file}`);
}
