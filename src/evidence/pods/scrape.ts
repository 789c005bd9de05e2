import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Agent, request } from 'undici';
import { type Answer, failed, SourceFailure } from '../answer.ts';
import { originOf, type ScrapeTarget, urlOf } from './address.ts';
import type { PodsSource } from './config.ts';
import { formatOf, parseExposition } from './exposition.ts';
import { createLimit } from './limit.ts';
import type { Sample } from './sample.ts';

/** Reads the metrics of one pod. */
export interface Scraper {
  /** @param keep names that are wanted; absent: all */
  scrape(target: ScrapeTarget, keep?: (name: string) => boolean): Promise<Answer<Sample[]>>;
  close(): Promise<void>;
}

const ACCEPT =
  'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,text/plain;q=0.2,*/*;q=0.1';
const unpack = promisify(gunzip);

/**
 * Scrapes over HTTP, with pooled connections and at most `concurrency` at once. It sends no credential, follows no
 * redirect, and reads no more than `maxBodyBytes`.
 */
export function createScraper(config: PodsSource): Scraper {
  const timeout = config.timeoutSeconds * 1000;
  const agent = new Agent({
    connections: 1,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    keepAliveTimeout: 2 * config.intervalSeconds * 1000,
    // Only reached where the configuration says insecureSkipVerify: `locate` refuses https otherwise.
    connect: { timeout, rejectUnauthorized: !config.insecureSkipVerify },
  });
  const limited = createLimit(config.concurrency);
  return {
    scrape: (target, keep) => limited(() => scrape(config, agent, target, keep)),
    close: () => agent.destroy(),
  };
}

async function scrape(
  config: PodsSource,
  agent: Agent,
  target: ScrapeTarget,
  keep: ((name: string) => boolean) | undefined,
): Promise<Answer<Sample[]>> {
  try {
    const { statusCode, headers, body } = await request({
      origin: originOf(target),
      path: target.path,
      method: 'GET',
      dispatcher: agent,
      headers: { accept: ACCEPT, 'accept-encoding': 'gzip', 'user-agent': 'tandem' },
      signal: AbortSignal.timeout(config.timeoutSeconds * 1000),
    } as Parameters<typeof request>[0] & object);
    if (statusCode !== 200) {
      // Destroying a body that is not read yet is an error of the stream, and none of ours.
      body.on('error', () => undefined).destroy();
      throw new SourceFailure(
        statusCode === 401 || statusCode === 403 ? 'Refused' : 'Unavailable',
        `HTTP ${statusCode}`,
      );
    }
    const packed = await readBody(body, config.maxBodyBytes);
    const text = await textOf(packed, first(headers['content-encoding']), config.maxBodyBytes);
    const whole = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    if (!whole && !text.endsWith('\n')) throw new SourceFailure('Malformed', 'the body is cut off');
    const parsed = parseExposition(text, formatOf(first(headers['content-type'])), keep);
    if (!parsed.ok) throw new SourceFailure('Malformed', `no metrics: ${parsed.message}`);
    return parsed.samples.length > 0 ? { kind: 'value', value: parsed.samples } : { kind: 'nodata' };
  } catch (error) {
    const code = error instanceof SourceFailure ? error.code : 'Unreachable';
    return failed(code, `${urlOf(target)}: ${messageOf(error)}`);
  }
}

async function readBody(body: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) throw new SourceFailure('TooLarge', `the answer is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function textOf(packed: Buffer, encoding: string | undefined, most: number): Promise<string> {
  if (encoding === undefined || encoding === 'identity') return packed.toString('utf8');
  if (encoding !== 'gzip') throw new SourceFailure('Malformed', `unknown encoding ${encoding}`);
  try {
    return (await unpack(packed, { maxOutputLength: most })).toString('utf8');
  } catch (error) {
    const large = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (large) throw new SourceFailure('TooLarge', `the answer is larger than ${most} bytes`);
    throw new SourceFailure('Malformed', 'the body is no whole gzip stream');
  }
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no whole answer in time';
  const { code } = error as NodeJS.ErrnoException;
  return (error.message || code || error.name).slice(0, 300);
}
