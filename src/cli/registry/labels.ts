import { ask, manifestTypes, parsed } from './client.ts';
import type { Credentials } from './credentials.ts';
import type { ImageReference } from './image.ts';

interface Described {
  digest?: string;
}

interface Manifest {
  /** Of an image. */
  config?: Described;
  /** Of an index: one for each platform, all of one source. */
  manifests?: Described[];
}

/**
 * The labels of an image (OCI image specification, config.Labels), of an index those of its first image. undefined: the
 * registry does not tell. Never rejects.
 */
export async function labelsOf(
  image: ImageReference,
  credentials: Credentials | undefined,
): Promise<Record<string, string> | undefined> {
  const read = async (path: string): Promise<unknown> => {
    const answer = await ask(image, 'GET', `/v2/${image.repository}/${path}`, { accept: manifestTypes }, credentials);
    return 'message' in answer || answer.status !== 200 ? undefined : parsed(answer.body);
  };
  const top = (await read(`manifests/${image.digest ?? image.tag ?? 'latest'}`)) as Manifest | undefined;
  const first = top?.manifests?.[0]?.digest;
  const manifest = first === undefined ? top : ((await read(`manifests/${first}`)) as Manifest | undefined);
  const digest = manifest?.config?.digest;
  if (digest === undefined) return undefined;
  const config = (await read(`blobs/${digest}`)) as { config?: { Labels?: Record<string, string> | null } } | undefined;
  return config?.config?.Labels ?? undefined;
}
