import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pauseImage } from './config.ts';
import { type Image, imageArchive } from './image.ts';
import { binDir, containerdSocket, stateDir } from './paths.ts';
import { which } from './preflight.ts';
import { run } from './run.ts';
import { tar } from './tar.ts';

/** Imports images into the cluster's containerd, where the kubelet finds them without a registry. */
export function importImages(images: Image[]): void {
  const folder = join(stateDir, 'images');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `import-${process.pid}.tar`);
  writeFileSync(file, imageArchive(images));
  try {
    importArchive(file);
  } finally {
    rmSync(file, { force: true });
  }
}

export function importArchive(file: string): void {
  run(join(binDir, 'ctr'), ['-a', containerdSocket, '-n', 'k8s.io', 'images', 'import', file]);
}

/** The image of a pod's sandbox: one static program that sleeps. */
export function importPauseImage(): void {
  const busybox = readFileSync(which('busybox') ?? '/bin/busybox');
  const layer = tar([
    { path: 'bin', type: 'directory', mode: 0o755 },
    { path: 'bin/busybox', type: 'file', data: busybox, mode: 0o755 },
  ]);
  importImages([
    { tags: [pauseImage], layers: [layer], config: { entrypoint: ['/bin/busybox', 'sleep', '2147483647'] } },
  ]);
}
