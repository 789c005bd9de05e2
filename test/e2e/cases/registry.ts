import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Case } from '../case.ts';
import type { Stage } from '../stage.ts';

/** `tandem release` and `tandem tags` against a real registry, which the case starts itself. */

const program = '/usr/bin/docker-registry';
const port = 5055;
const host = `127.0.0.1:${port}`;
const commit = 'c'.repeat(40);

async function startRegistry(): Promise<{ child: ChildProcess; folder: string }> {
  if (!existsSync(program)) throw new Error(`${program} is missing: apt-get install docker-registry`);
  const folder = await mkdtemp(join(tmpdir(), 'tandem-registry-'));
  const config = join(folder, 'config.yml');
  const storage = `storage: {filesystem: {rootdirectory: ${join(folder, 'data')}}}`;
  await writeFile(config, `version: 0.1\nlog: {level: error}\n${storage}\nhttp: {addr: ${host}}\n`);
  const child = spawn(program, ['serve', config], { stdio: 'ignore' });
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (answer?.ok === true) return { child, folder };
    if (tries > 50) throw new Error(`${program} does not answer on ${host}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** An image without layers under some tags. */
async function push(repository: string, tags: string[]): Promise<void> {
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { 'org.opencontainers.image.revision': commit } },
    rootfs: { type: 'layers', diff_ids: [] },
  });
  const digest = `sha256:${createHash('sha256').update(config).digest('hex')}`;
  const begun = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(begun.headers.get('location') ?? '', `http://${host}`);
  location.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  const stored = await fetch(location, { method: 'PUT', headers, body: config });
  assert.equal(stored.status, 201);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: config.length },
    layers: [],
  };
  for (const tag of tags) {
    const url = `http://${host}/v2/${repository}/manifests/${tag}`;
    const answer = await fetch(url, {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body: JSON.stringify(manifest),
    });
    assert.equal(answer.status, 201, await answer.text());
  }
}

async function delivered(stage: Stage): Promise<void> {
  const { child, folder } = await startRegistry();
  try {
    await push('shop/checkout', ['1.41.0', '1.42.0']);
    await stage.deploy({ version: 'v1' });
    await stage.adopt({ analysis: { minDuration: '10m' } });
    const tags = await stage.tandem(['tags', 'shop', '--image', `${host}/shop/checkout`]);
    // The order is the registry's.
    assert.deepEqual(tags.stdout.trim().split('\n').toSorted(), ['1.41.0', '1.42.0']);
    const missing = await stage.tandem(['release', 'shop', '--image', `${host}/shop/checkout:9.9.9`], {
      allowFailure: true,
    });
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /has no image .*9\.9\.9; nothing was written/);
    assert.equal(await stage.gate(), 'armed', 'nothing was written');
    // Its images are on the node and in no registry: that cannot be checked, is said, and goes on.
    const image = 'docker.io/library/shop:v2';
    const words = ['release', 'shop', '--image', image, '--set-env', 'CRASH_AFTER_S=1', '--wait', '--timeout', '3m'];
    const bad = await stage.tandem(words, { allowFailure: true });
    assert.equal(bad.code, 1, bad.stdout + bad.stderr);
    assert.match(bad.stderr, /was not checked/);
    await stage.waitPhase('Rejected', 60);
    // The node cannot pull it, which changes nothing about what is written.
    await stage.tandem(['release', 'shop', '--image', `${host}/shop/checkout:1.42.0`]);
    assert.equal((await stage.target()).metadata.annotations?.['tandem.dev/commit'], commit);
  } finally {
    child.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
}

export const registryCases: Case[] = [
  {
    name: 'registry',
    ci: false,
    proves:
      'tandem release refuses an image that a real registry does not have, writes the commit of one that it has, and waits for the verdict on one that runs; tandem tags',
    load: 15,
    lost: 60,
    run: delivered,
  },
];
