import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundle } from '../../scripts/build.ts';
import { ClusterError } from './cluster-error.ts';
import { type Image, imageArchive, layerOf } from './image.ts';
import { root, stateDir } from './paths.ts';
import { run } from './run.ts';
import { sha256, type TarEntry, tar } from './tar.ts';

export const operatorImage = 'docker.io/library/tandem:dev';
export const shopVersions = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8', 'v9'];
export const imageNames = ['shop', 'operator'] as const;
export type ImageName = (typeof imageNames)[number];

const imageDir = join(stateDir, 'images');
const nodePath = '/usr/bin/node';

/** Node itself and the libraries that `ldd` names for it. The same bytes for every image, so containerd keeps it once. */
function nodeLayer(): Buffer {
  const stat = statSync(process.execPath);
  const cache = join(
    imageDir,
    `node-${sha256(Buffer.from(`${process.version} ${stat.size} ${stat.mtimeMs}`)).slice(0, 12)}.tar`,
  );
  if (existsSync(cache)) return readFileSync(cache);
  const folder = mkdtempSync(join(tmpdir(), 'tandem-node-'));
  try {
    const libraries = run('ldd', [process.execPath]).match(/\/\S+/g) ?? [];
    for (const path of libraries) place(folder, path, path);
    place(folder, process.execPath, nodePath);
    mkdirSync(join(folder, 'tmp'));
    chmodSync(join(folder, 'tmp'), 0o1777);
    mkdirSync(join(folder, 'etc'), { recursive: true });
    writeFileSync(
      join(folder, 'etc/passwd'),
      'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n',
    );
    const layer = layerOf(folder);
    mkdirSync(imageDir, { recursive: true });
    writeFileSync(cache, layer);
    return layer;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function place(folder: string, from: string, to: string): void {
  mkdirSync(dirname(join(folder, to)), { recursive: true });
  copyFileSync(from, join(folder, to));
}

function programLayer(folder: string, files: string[]): Buffer {
  const entries = files.map(
    (file): TarEntry => ({ path: `app/${file}`, type: 'file', data: readFileSync(join(folder, file)), mode: 0o644 }),
  );
  return tar([{ path: 'app', type: 'directory', mode: 0o755 }, ...entries]);
}

async function operator(base: Buffer): Promise<Image> {
  if (!existsSync(join(root, 'src/main.ts')))
    throw new ClusterError('src/main.ts is missing: there is no operator to build');
  const folder = join(root, 'dist');
  await bundle('src/main.ts', join(folder, 'tandem.mjs'));
  return {
    tags: [operatorImage],
    layers: [base, programLayer(folder, ['tandem.mjs'])],
    config: {
      entrypoint: [nodePath, '/app/tandem.mjs'],
      user: '65532:65532',
      workingDir: '/app',
      env: ['NODE_ENV=production'],
    },
  };
}

const shopDir = join(imageDir, 'shop');

/** The application and the load generator, each in one file. */
export async function bundleShop(): Promise<void> {
  await bundle('test/app/server.ts', join(shopDir, 'shop.mjs'));
  await bundle('test/load/main.ts', join(shopDir, 'load.mjs'));
}

async function shop(base: Buffer): Promise<Image> {
  await bundleShop();
  return {
    tags: shopVersions.map((version) => `docker.io/library/shop:${version}`),
    layers: [base, programLayer(shopDir, ['shop.mjs', 'load.mjs'])],
    config: { entrypoint: [nodePath, '/app/shop.mjs'], user: '65532:65532', workingDir: '/app' },
  };
}

/** Builds the named images from the working tree, without Docker. */
export async function buildImages(names: readonly ImageName[]): Promise<Image[]> {
  const base = nodeLayer();
  const images: Image[] = [];
  if (names.includes('shop')) images.push(await shop(base));
  if (names.includes('operator')) images.push(await operator(base));
  return images;
}

/** Writes images to a file that `docker load`, `kind load image-archive` and `ctr images import` take. */
export async function saveImages(names: readonly ImageName[], file: string): Promise<void> {
  writeFileSync(file, imageArchive(await buildImages(names)));
}
