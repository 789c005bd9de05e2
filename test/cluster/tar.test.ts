import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { imageArchive, layerOf } from './image.ts';
import { sha256, tar } from './tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-tar-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the system's own tar reads from an archive. */
function systemTar(archive: Buffer, ...args: string[]): string {
  const file = join(folder, 'archive.tar');
  writeFileSync(file, archive);
  const result = spawnSync('tar', [...args, '-f', file], { encoding: 'utf8' });
  expect(result.stderr).toBe('');
  return result.stdout;
}

test('the system reads what was written', () => {
  const data = Buffer.from('x'.repeat(700));
  const archive = tar([
    { path: 'app', type: 'directory', mode: 0o755 },
    { path: 'app/program', type: 'file', data, mode: 0o755 },
    { path: 'app/empty', type: 'file', data: Buffer.alloc(0), mode: 0o600 },
    { path: 'link', type: 'link', target: 'app/program' },
  ]);
  const lines = systemTar(archive, '--numeric-owner', '-tv').trim().split('\n');
  expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
    'drwxr-xr-x 0/0 0 1970-01-01 00:00 app/',
    '-rwxr-xr-x 0/0 700 1970-01-01 00:00 app/program',
    '-rw------- 0/0 0 1970-01-01 00:00 app/empty',
    'lrwxrwxrwx 0/0 0 1970-01-01 00:00 link -> app/program',
  ]);
  expect(systemTar(archive, '-xO', 'app/program')).toBe(data.toString());
});

test('a long path is split, one that does not fit is refused', () => {
  const path = `${'d'.repeat(90)}/${'e'.repeat(60)}/${'f'.repeat(90)}`;
  expect(systemTar(tar([{ path, type: 'file', data: Buffer.from('x'), mode: 0o644 }]), '-t').trim()).toBe(path);
  expect(() => tar([{ path: 'f'.repeat(101), type: 'file', data: Buffer.from('x'), mode: 0o644 }])).toThrow('too long');
});

test('a folder gives the same layer whatever the order and time of its making', () => {
  const [one, two] = ['one', 'two'].map((name) => join(folder, name)) as [string, string];
  for (const [root, names] of [
    [one, ['a', 'b']],
    [two, ['b', 'a']],
  ] as const) {
    mkdirSync(join(root, 'sub'), { recursive: true });
    for (const name of names) writeFileSync(join(root, 'sub', name), name);
    symlinkSync('a', join(root, 'sub', 'link'));
  }
  expect(sha256(layerOf(one))).toBe(sha256(layerOf(two)));
  expect(systemTar(layerOf(one), '-t').trim().split('\n')).toEqual(['sub/', 'sub/a', 'sub/b', 'sub/link']);
});

test('images of one archive share a layer, and each names its tags and layers by digest', () => {
  const layer = tar([{ path: 'a', type: 'file', data: Buffer.from('a'), mode: 0o644 }]);
  const own = tar([{ path: 'b', type: 'file', data: Buffer.from('b'), mode: 0o644 }]);
  const config = { entrypoint: ['/a'], user: '65532:65532' };
  const archive = imageArchive([
    { tags: ['docker.io/library/one:v1', 'docker.io/library/one:v2'], layers: [layer], config },
    { tags: ['docker.io/library/two:v1'], layers: [layer, own], config },
  ]);
  const manifest = JSON.parse(systemTar(archive, '-xO', 'manifest.json')) as {
    Config: string;
    RepoTags: string[];
    Layers: string[];
  }[];
  expect(manifest.map((image) => image.RepoTags.length)).toEqual([2, 1]);
  expect(manifest[1]?.Layers).toEqual([`${sha256(layer)}.tar`, `${sha256(own)}.tar`]);
  const names = systemTar(archive, '-t').trim().split('\n');
  expect(names.filter((name) => name === `${sha256(layer)}.tar`)).toHaveLength(1);
  const imageConfig = JSON.parse(systemTar(archive, '-xO', manifest[0]?.Config ?? '')) as {
    rootfs: { diff_ids: string[] };
    config: unknown;
  };
  expect(imageConfig.rootfs.diff_ids).toEqual([`sha256:${sha256(layer)}`]);
  expect(imageConfig.config).toMatchObject({ Entrypoint: ['/a'], User: '65532:65532' });
});
