import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Plan } from '../whole/plan.ts';
import type { Outcome } from '../whole/run.ts';
import type { Mutant } from './list.ts';

/** Inside node_modules, so that packages are found from there. */
const OUTPUT = 'node_modules/.cache/tandem-mutants';

export type Play = (plan: Plan, manifests: readonly string[]) => Promise<Outcome>;

function mutate({ name, edits }: Mutant, file: string): string {
  let text = readFileSync(file, 'utf8');
  for (const edit of edits.filter((one) => one.file === file)) {
    if (text.split(edit.find).length !== 2)
      throw new Error(
        `mutant "${name}": ${file} does not have exactly one ${JSON.stringify(edit.find)}: mend the list`,
      );
    text = text.replace(edit.find, () => edit.replace);
  }
  return text;
}

/** The simulation of an operator whose source is changed; nothing is written into the source itself. */
export async function buildMutant(mutant: Mutant, index: number): Promise<Play> {
  mkdirSync(OUTPUT, { recursive: true });
  const outfile = resolve(OUTPUT, `${index}.mjs`);
  const files = new Map(mutant.edits.map(({ file }) => [resolve(file), file]));
  for (const file of files.values()) mutate(mutant, file);
  await build({
    entryPoints: ['test/simulation/whole/run.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile,
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutant',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const file = files.get(path);
            return file === undefined ? undefined : { contents: mutate(mutant, file), loader: 'ts' };
          }),
      },
    ],
  });
  const module = (await import(`${pathToFileURL(outfile).href}?${index}`)) as { play: Play };
  return module.play;
}
