import { COMMIT_ANNOTATION, COMMIT_LABEL, COMMIT_PATTERN } from '../api/names.ts';
import type { KubeApi } from '../kube/api.ts';
import { type Deployment, resources } from '../kube/object.ts';
import { CliError, exitCodes } from './exit.ts';
import { readRelease, readTarget, requireTarget } from './read.ts';
import { findImage, listTags } from './registry/client.ts';
import { type PullCredentials, type PullSecrets, readPullCredentials } from './registry/credentials.ts';
import { type ImageReference, parseImage } from './registry/image.ts';
import { labelsOf } from './registry/labels.ts';
import { phaseOf, type Release } from './release.ts';

/** What `tandem release` is asked for. */
export interface Delivery {
  /** `[CONTAINER=]IMAGE`, each. */
  images: string[];
  /** `NAME=VALUE`, each; set in every container whose image changes, or in the only one. */
  env: string[];
  /** Roll out an image that its registry does not have, or says nothing about. */
  force: boolean;
}

export interface Delivered {
  release: Release;
  target: Deployment;
  /** Nothing differs from what the target has. */
  unchanged: boolean;
  /** What could not be checked, for a person. */
  notes: string[];
}

type Container = NonNullable<Deployment['spec']['template']['spec']['containers']>[number];

/**
 * Writes new images into the target, as a person would with `kubectl set image`, after asking their registries whether
 * they exist. An image that is missing is refused; a registry that cannot be asked is only noted. The commit that a label
 * of the image names is written beside it, for notifications. Throws CliError.
 */
export async function deliver(api: KubeApi, namespace: string, name: string, asked: Delivery): Promise<Delivered> {
  const release = await readRelease(api, namespace, name);
  const target = await requireTarget(api, release);
  assertTests(release);
  const changes = changesOf(target, asked);
  const { notes, commit } = await checkImages(api, namespace, target, changes, asked.force);
  const before = target.spec.template.spec.containers;
  if (changes.every((change) => isSame(before, change))) return { release, target, unchanged: true, notes };
  const { resourceVersion } = target.metadata;
  const containers = changes.map(({ container, image, env }) => ({
    name: container.name,
    ...(image === undefined ? {} : { image }),
    ...(env.length === 0 ? {} : { env }),
  }));
  const body = {
    metadata: {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(commit === undefined ? {} : { annotations: { [COMMIT_ANNOTATION]: commit } }),
    },
    spec: { template: { spec: { containers } } },
  };
  const ref = { namespace, name: target.metadata.name };
  const written = await api.patch<Deployment>(resources.deployments, ref, body, { type: 'strategic' });
  return { release, target: written, unchanged: false, notes };
}

/** Tags of the repository of one of the target's images, or of `image`, newest not known. */
export async function tagsOf(
  api: KubeApi,
  namespace: string,
  name: string,
  image: string | undefined,
): Promise<{ image: ImageReference; tags: string[]; current: string | undefined }> {
  const release = await readRelease(api, namespace, name);
  const target = await readTarget(api, release);
  const containers = target?.spec.template.spec.containers ?? [];
  const [only] = containers;
  if (image === undefined && containers.length !== 1) {
    const known = containers.map((container) => container.name).join(', ') || 'none';
    throw new CliError(exitCodes.usage, `which container? the target has: ${known}`, 'give --image REPOSITORY');
  }
  const text = image ?? only?.image ?? '';
  const reference = referenceOf(text);
  const credentials = await credentialsOf(api, namespace, target);
  const answer = await listTags(reference, credentials?.of(reference.registry));
  if (answer.kind === 'Missing')
    throw new CliError(exitCodes.unusable, `${reference.registry} has no repository ${reference.repository}`);
  if (answer.kind === 'Unknown') throw new CliError(exitCodes.failure, answer.message);
  return {
    image: reference,
    tags: answer.tags,
    current: only?.image === undefined ? undefined : parseImage(only.image)?.tag,
  };
}

/** A version that nothing would test is not what this command is for. */
function assertTests(release: Release): void {
  const name = release.metadata.name;
  if (release.spec?.suspend === true || phaseOf(release) === 'Suspended')
    throw new CliError(
      exitCodes.unusable,
      `CanaryRelease ${name} is suspended: the version would roll out untested`,
      'set spec.suspend to false first; nothing was written',
    );
  if (phaseOf(release) === 'Invalid')
    throw new CliError(
      exitCodes.unusable,
      `CanaryRelease ${name} cannot test a version now`,
      'tandem status says why; nothing was written',
    );
}

interface Change {
  container: Container;
  image?: string;
  env: { name: string; value: string }[];
}

function changesOf(target: Deployment, { images, env }: Delivery): Change[] {
  const { containers } = target.spec.template.spec;
  const variables = env.map(variableOf);
  const changes = new Map<string, Change>();
  for (const text of images) {
    const { container, image } = imageOf(text, containers);
    if (changes.has(container.name)) throw new CliError(exitCodes.usage, `container ${container.name} is named twice`);
    changes.set(container.name, { container, image, env: variables });
  }
  if (changes.size > 0) return [...changes.values()];
  const [only] = containers;
  if (variables.length === 0)
    throw new CliError(exitCodes.usage, 'nothing to release', 'give --image [CONTAINER=]IMAGE');
  if (only === undefined || containers.length !== 1)
    throw new CliError(
      exitCodes.usage,
      '--set-env needs --image CONTAINER=IMAGE where the target has several containers',
    );
  return [{ container: only, env: variables }];
}

function imageOf(text: string, containers: Container[]): { container: Container; image: string } {
  const equals = text.indexOf('=');
  const known = containers.map(({ name }) => name).join(', ');
  const image = text.slice(equals + 1);
  referenceOf(image);
  if (equals === -1) {
    const [only] = containers;
    if (only !== undefined && containers.length === 1) return { container: only, image };
    throw new CliError(exitCodes.usage, `the target has several containers: ${known}`, `write CONTAINER=${image}`);
  }
  const name = text.slice(0, equals);
  const container = containers.find((one) => one.name === name);
  if (container !== undefined) return { container, image };
  throw new CliError(exitCodes.usage, `the target has no container ${name}; it has: ${known}`);
}

function referenceOf(image: string): ImageReference {
  const reference = parseImage(image);
  if (reference !== undefined) return reference;
  const hint = 'write for example registry.example/shop/checkout:1.42.0';
  throw new CliError(exitCodes.usage, `${JSON.stringify(image)} is no image`, hint);
}

function variableOf(text: string): { name: string; value: string } {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(0, equals));
  if (/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name)) return { name, value: text.slice(equals + 1) };
  throw new CliError(exitCodes.usage, `--set-env ${JSON.stringify(text)} is not NAME=VALUE`);
}

function isSame(before: Container[], { container, image, env }: Change): boolean {
  const now = before.find(({ name }) => name === container.name);
  const variables = (now?.['env'] ?? []) as { name: string; value?: string }[];
  const set = (wanted: { name: string; value: string }): boolean =>
    variables.some(({ name, value }) => name === wanted.name && value === wanted.value);
  return (image === undefined || now?.image === image) && env.every(set);
}

async function credentialsOf(
  api: KubeApi,
  namespace: string,
  target: Deployment | undefined,
): Promise<PullCredentials | undefined> {
  return target === undefined
    ? undefined
    : readPullCredentials(api, namespace, target.spec.template.spec as PullSecrets);
}

interface Checked {
  /** What could not be checked, for a person. */
  notes: string[];
  /** That the first image was built from, where its label says so. */
  commit: string | undefined;
}

async function checkImages(
  api: KubeApi,
  namespace: string,
  target: Deployment,
  changes: Change[],
  force: boolean,
): Promise<Checked> {
  const images = changes.flatMap(({ image }) => (image === undefined ? [] : [image]));
  if (images.length === 0) return { notes: [], commit: undefined };
  let commit: string | undefined;
  const credentials = await credentialsOf(api, namespace, target);
  const notes = (credentials?.unread ?? []).map((name) => `pull secret ${name} could not be read`);
  for (const image of images) {
    const reference = referenceOf(image);
    const answer = await findImage(reference, credentials?.of(reference.registry));
    if (answer.kind === 'Exists') commit ??= commitOf(await labelsOf(reference, credentials?.of(reference.registry)));
    if (answer.kind === 'Unknown') notes.push(`whether ${image} exists was not checked: ${answer.message}`);
    if (answer.kind !== 'Missing') continue;
    if (!force)
      throw new CliError(
        exitCodes.failure,
        `${reference.registry} has no image ${image}; nothing was written`,
        'push it first, correct its tag (tandem tags shows those that exist), or give --force',
      );
    notes.push(`${image} is not in its registry`);
  }
  return { notes, commit };
}

function commitOf(labels: Record<string, string> | undefined): string | undefined {
  const revision = labels?.[COMMIT_LABEL];
  return typeof revision === 'string' && COMMIT_PATTERN.test(revision) ? revision : undefined;
}
