import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { sha256, type TarEntry, tar } from './tar.ts';

export interface ImageConfig {
  entrypoint: string[];
  /** `uid:gid`; root when absent. */
  user?: string;
  workingDir?: string;
  env?: string[];
}

export interface Image {
  /** Full names, `docker.io/library/NAME:TAG`. */
  tags: string[];
  /** Archives of the root file system, lowest first. Images may share one. */
  layers: Buffer[];
  config: ImageConfig;
}

const architectures: Partial<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

function configOf(image: Image): Buffer {
  const { entrypoint, user, workingDir, env = [] } = image.config;
  return Buffer.from(
    JSON.stringify({
      architecture: architectures[process.arch] ?? process.arch,
      os: 'linux',
      config: {
        Entrypoint: entrypoint,
        Env: ['PATH=/usr/local/bin:/usr/bin:/bin', ...env],
        ...(user === undefined ? {} : { User: user }),
        ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
      },
      rootfs: { type: 'layers', diff_ids: image.layers.map((layer) => `sha256:${sha256(layer)}`) },
    }),
  );
}

/** An archive of several images, as `docker save` writes it and `ctr images import` and `kind load` take it. */
export function imageArchive(images: Image[]): Buffer {
  const files = new Map<string, Buffer>();
  const manifest = images.map((image) => {
    const config = configOf(image);
    const configName = `${sha256(config)}.json`;
    files.set(configName, config);
    const layers = image.layers.map((layer) => {
      const name = `${sha256(layer)}.tar`;
      files.set(name, layer);
      return name;
    });
    return { Config: configName, RepoTags: image.tags, Layers: layers };
  });
  files.set('manifest.json', Buffer.from(JSON.stringify(manifest)));
  return tar([...files].map(([path, data]): TarEntry => ({ path, type: 'file', data, mode: 0o644 })));
}

/** A folder as a layer, sorted by name so that the same content gives the same digest. */
export function layerOf(folder: string): Buffer {
  return tar(entriesOf(folder, ''));
}

function entriesOf(folder: string, path: string): TarEntry[] {
  return readdirSync(join(folder, path))
    .sort()
    .flatMap((name) => entryOf(folder, path === '' ? name : `${path}/${name}`));
}

function entryOf(folder: string, path: string): TarEntry[] {
  const full = join(folder, path);
  const stat = lstatSync(full);
  if (stat.isSymbolicLink()) return [{ path, type: 'link', target: readlinkSync(full) }];
  if (stat.isDirectory()) return [{ path, type: 'directory', mode: stat.mode & 0o7777 }, ...entriesOf(folder, path)];
  if (!stat.isFile()) return [];
  return [{ path, type: 'file', data: readFileSync(full), mode: stat.mode & 0o7777 }];
}
