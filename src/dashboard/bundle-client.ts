import { join } from 'node:path';

export interface ClientBundle {
  script: string;
  style: string;
}

/**
 * The script and the styles of the pages, each as one file, uPlot included. From source esbuild makes them at the first
 * use; scripts/build.ts puts what it made in the place of this module, so that the program carries them and no esbuild.
 */
export async function bundleClient(): Promise<ClientBundle> {
  const { build } = await import('esbuild');
  const folder = join(import.meta.dirname, 'client');
  const { outputFiles } = await build({
    entryPoints: { script: join(folder, 'main.ts'), style: join(folder, 'style.css') },
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome109', 'firefox115', 'safari16'],
    legalComments: 'inline',
    logLevel: 'silent',
  });
  const textOf = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { script: textOf('.js'), style: textOf('.css') };
}
