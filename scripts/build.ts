import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { readBaseFiles } from '../src/cli/install/base-files.ts';
import { bundleClient } from '../src/dashboard/bundle-client.ts';

const root = resolve(import.meta.dirname, '..');

/** Puts the script and styles of the dashboard, as text, in the place of the module that makes them. */
const client: Plugin = {
  name: 'dashboard-client',
  setup({ onLoad }) {
    onLoad({ filter: /src[/\\]dashboard[/\\]bundle-client\.ts$/ }, async () => ({
      contents: `export async function bundleClient() { return ${JSON.stringify(await bundleClient())}; }`,
      loader: 'js',
    }));
  },
};

/** Bundles one program with all it imports into one file for Node, with its source map beside it. */
export async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    // `tandem install` applies the manifests, which are not beside the one file.
    define: { TANDEM_BASE_FILES: JSON.stringify(readBaseFiles(root)) },
    // Packages in the older module format call require(), which a module does not have by itself.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    plugins: [client],
    logLevel: 'warning',
  });
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(join(root, 'dist'), { recursive: true });
  await bundle('src/main.ts', join(root, 'dist/tandem.mjs'));
  console.log('dist/tandem.mjs');
}
