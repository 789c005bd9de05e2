import { type Dispatcher, request } from 'undici';
import type { Credentials } from './credentials.ts';
import { type ImageReference, registryUrl } from './image.ts';

/** What a registry says of an image. `Unknown`: it could not be asked, or refused to say; `message` tells why. */
export type ImageAnswer =
  | { kind: 'Exists'; digest: string | undefined }
  | { kind: 'Missing' }
  | { kind: 'Unknown'; message: string };

export type TagsAnswer = { kind: 'Tags'; tags: string[] } | { kind: 'Missing' } | { kind: 'Unknown'; message: string };

/** Index and manifest, of OCI and of Docker. */
export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const timeoutMs = 15_000;
/** Pages of tags that are read at most; each has up to 1,000. */
const mostPages = 20;
const largestBody = 4 * 1024 * 1024;

/** Asks a registry by the OCI distribution API whether an image exists. Never rejects. */
export async function findImage(image: ImageReference, credentials: Credentials | undefined): Promise<ImageAnswer> {
  const path = `/v2/${image.repository}/manifests/${image.digest ?? image.tag ?? 'latest'}`;
  const answer = await ask(image, 'HEAD', path, { accept: manifestTypes }, credentials);
  if ('message' in answer) return { kind: 'Unknown', ...answer };
  if (answer.status === 200) return { kind: 'Exists', digest: header(answer, 'docker-content-digest') };
  if (answer.status === 404) return { kind: 'Missing' };
  return { kind: 'Unknown', message: refusal(image, answer.status) };
}

/** All tags of a repository, as the registry orders them. Never rejects. */
export async function listTags(image: ImageReference, credentials: Credentials | undefined): Promise<TagsAnswer> {
  const tags: string[] = [];
  let path: string | undefined = `/v2/${image.repository}/tags/list?n=1000`;
  for (let page = 0; path !== undefined && page < mostPages; page += 1) {
    const answer: Answer | Failure = await ask(image, 'GET', path, {}, credentials);
    if ('message' in answer) return { kind: 'Unknown', ...answer };
    if (answer.status === 404) return { kind: 'Missing' };
    if (answer.status !== 200) return { kind: 'Unknown', message: refusal(image, answer.status) };
    const body = parsed(answer.body) as { tags?: string[] | null } | undefined;
    if (body === undefined)
      return { kind: 'Unknown', message: `${image.registry} answered with something else than JSON` };
    tags.push(...(body.tags ?? []));
    path = nextPage(header(answer, 'link'));
  }
  return { kind: 'Tags', tags };
}

interface Answer {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  body: string;
}

interface Failure {
  message: string;
}

/**
 * Once without credentials; where the registry asks for them, once more as it says. Registries answer with another address
 * for what they store elsewhere: followed once, without the credentials.
 */
export async function ask(
  image: ImageReference,
  method: 'HEAD' | 'GET',
  path: string,
  headers: Record<string, string>,
  credentials: Credentials | undefined,
): Promise<Answer | Failure> {
  try {
    const url = registryUrl(image.registry) + path;
    const first = await send(url, method, headers);
    if (first.status !== 401) return await elsewhere(first, url, method);
    const authorization = await authorize(header(first, 'www-authenticate') ?? '', image, credentials);
    if (authorization === undefined) return first;
    return await elsewhere(await send(url, method, { ...headers, authorization }), url, method);
  } catch (error) {
    return { message: `${image.registry} cannot be reached: ${reasonOf(error)}` };
  }
}

async function elsewhere(answer: Answer, url: string, method: 'HEAD' | 'GET'): Promise<Answer> {
  const location = header(answer, 'location');
  if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
  const next = new URL(location, url);
  if (next.protocol !== 'https:' && url.startsWith('https:')) return answer;
  return send(next.href, method, {});
}

/** What to send as Authorization; undefined where there is nothing to send. */
async function authorize(
  challenge: string,
  image: ImageReference,
  credentials: Credentials | undefined,
): Promise<string | undefined> {
  const basic = credentials === undefined ? undefined : basicOf(credentials);
  if (/^basic/i.test(challenge)) return basic;
  const url = tokenUrl(challenge, image);
  if (url === undefined) return undefined;
  const answer = await send(url.href, 'GET', basic === undefined ? {} : { authorization: basic });
  const body = parsed(answer.body) as { token?: string; access_token?: string } | undefined;
  const token = body?.token ?? body?.access_token;
  return answer.status === 200 && token !== undefined ? `Bearer ${token}` : undefined;
}

function basicOf({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Where a registry gives out its tokens, by its challenge. */
function tokenUrl(challenge: string, image: ImageReference): URL | undefined {
  const realm = /realm="([^"]+)"/.exec(challenge)?.[1];
  if (!/^bearer/i.test(challenge) || realm === undefined || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  // A registry must not have a password sent in the clear to some other machine.
  if (url.protocol !== 'https:' && registryUrl(image.registry).startsWith('https:')) return undefined;
  const service = /service="([^"]+)"/.exec(challenge)?.[1];
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', `repository:${image.repository}:pull`);
  return url;
}

async function send(url: string, method: 'HEAD' | 'GET', headers: Record<string, string>): Promise<Answer> {
  const answer = await request(url, {
    method,
    headers,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    signal: AbortSignal.timeout(2 * timeoutMs),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw new Error(`its answer is larger than ${largestBody} bytes`);
    chunks.push(chunk);
  }
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks).toString('utf8') };
}

function header({ headers }: Answer, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The path of `Link: </v2/...>; rel="next"`. */
function nextPage(link: string | undefined): string | undefined {
  const target = /^<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1];
  if (target === undefined) return undefined;
  const url = new URL(target, 'http://registry.invalid');
  return url.pathname + url.search;
}

export function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function refusal({ registry }: ImageReference, status: number): string {
  if (status === 401 || status === 403)
    return `${registry} asks for credentials that could not be found or are not enough`;
  return `${registry} answered with status ${status}`;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error) return (cause as NodeJS.ErrnoException).code ?? cause.message;
  return String(cause);
}
