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

/**
 * What packages bring along and this program never calls, with what stands in its place: every model of the Kubernetes
 * API (of client-node only the reading of kubeconfigs is used), a fetch of its own, zod's messages in other languages.
 * The operator would hold it in memory.
 */
const unused: { filter: RegExp; importer: RegExp; contents: string }[] = [
  {
    filter: /^\.\/gen\/index\.js$/,
    importer: /client-node[/\\]dist[/\\]config\.js$/,
    contents: `function absent() { throw new Error('the models of client-node are not in this program'); }
export { absent as createConfiguration, absent as ServerConfiguration };`,
  },
  { filter: /^node-fetch$/, importer: /client-node[/\\]dist/, contents: 'export const Headers = globalThis.Headers;' },
  { filter: /\/locales\/index\.js$/, importer: /node_modules[/\\]zod[/\\]/, contents: 'export {};' },
];

const leaveOut: Plugin = {
  name: 'leave-out',
  setup({ onResolve, onLoad }) {
    for (const [index, { filter, importer }] of unused.entries())
      onResolve({ filter }, (found) =>
        importer.test(found.importer) ? { path: String(index), namespace: 'leave-out' } : undefined,
      );
    onLoad({ filter: /.*/, namespace: 'leave-out' }, ({ path }) => ({
      contents: unused[Number(path)]?.contents ?? '',
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
    plugins: [client, leaveOut],
    // Names stay, so that stacks can be read. Without comments all of it is Latin, which takes one byte a character.
    minifyWhitespace: true,
    lineLimit: 200,
    logLevel: 'warning',
  });
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(join(root, 'dist'), { recursive: true });
  await bundle('src/main.ts', join(root, 'dist/tandem.mjs'));
  console.log('dist/tandem.mjs');
}
