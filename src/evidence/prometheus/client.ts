import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Agent, request } from 'undici';
import { type Answer, failed, type SourceErrorCode, SourceFailure } from '../answer.ts';
import type { PrometheusSource } from '../config.ts';
import { QueryAnswer, type Series, seriesOf } from './schema.ts';

const MAX_BYTES = 256 * 1024 * 1024;

/** Bounds of one answer, tighter than those of every answer. */
export interface QueryLimits {
  maxBytes: number;
}

/** What the collector asks of a source. */
export interface PrometheusApi {
  readonly name: string;
  /** Whether releases of a namespace may use it. */
  allows(namespace: string): boolean;
  /**
   * An instant query at `at` (milliseconds): a vector, a scalar as one series without labels, or with a range selector raw
   * samples.
   */
  query(query: string, at: number, limits?: QueryLimits): Promise<Answer<Series[]>>;
  /** The server's own clock, milliseconds since the epoch. */
  now?(): Promise<Answer<number>>;
  close(): Promise<void>;
}

/**
 * Client of one configured Prometheus-compatible server, with pooled connections. It follows no redirect, and nothing
 * but the query text comes from outside the configuration.
 *
 * @throws Error when the CA file cannot be read.
 */
export function createPrometheusSource(config: PrometheusSource): PrometheusApi {
  const timeout = config.timeoutSeconds * 1000;
  const agent = new Agent({
    connections: 8,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    connect: { timeout: Math.min(timeout, 5000), ...(config.caFile ? { ca: readFileSync(config.caFile) } : {}) },
  });
  const { namespaces } = config;
  return {
    name: config.name,
    allows: (namespace) => namespaces === undefined || namespaces.includes(namespace),
    query: (query, at, limits) =>
      ask(config, agent, { query, time: (at / 1000).toFixed(3) }, limits?.maxBytes ?? MAX_BYTES),
    now: () => timeOf(config, agent),
    // Whoever closes is stopping: an answer that is still to come has nobody who reads it.
    close: () => agent.destroy(),
  };
}

async function ask(
  config: PrometheusSource,
  agent: Agent,
  form: Record<string, string>,
  maxBytes: number,
): Promise<Answer<Series[]>> {
  try {
    const headers = await headersOf(config);
    const response = await request(`${config.url.replace(/\/+$/, '')}/api/v1/query`, {
      method: 'POST',
      dispatcher: agent,
      headers,
      body: new URLSearchParams({ ...config.parameters, ...form }).toString(),
      signal: AbortSignal.timeout(config.timeoutSeconds * 1000),
    });
    const body = await readBody(response.body, response.headers['content-encoding'], maxBytes);
    return answerOf(response.statusCode, body);
  } catch (error) {
    const code = error instanceof SourceFailure ? error.code : 'Unreachable';
    return failed(code, `Prometheus source ${config.name}: ${cut(messageOf(error))}`);
  }
}

async function headersOf(config: PrometheusSource): Promise<Record<string, string>> {
  const given = Object.entries(config.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  const headers: Record<string, string> = {
    ...(Object.fromEntries(given) as Record<string, string>),
    accept: 'application/json',
    'accept-encoding': 'gzip',
    'content-type': 'application/x-www-form-urlencoded',
  };
  if (config.tenant !== undefined) headers['x-scope-orgid'] = config.tenant;
  if (config.bearerTokenFile !== undefined) {
    headers['authorization'] = `Bearer ${await secret(config.bearerTokenFile)}`;
  }
  if (config.basicAuth !== undefined) {
    const { username, passwordFile } = config.basicAuth;
    const pair = Buffer.from(`${username}:${await secret(passwordFile)}`).toString('base64');
    headers['authorization'] = `Basic ${pair}`;
  }
  return headers;
}

async function secret(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new SourceFailure('Configuration', `cannot read the credentials in ${path}: ${messageOf(error)}`);
  }
}

async function readBody(body: Readable, encoding: string | string[] | undefined, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const gather = async (plain: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of plain) {
      // The size that counts is the one after it is unpacked.
      size += chunk.length;
      if (size > maxBytes) throw new Error('too large');
      chunks.push(chunk);
    }
  };
  // A pipeline ends with the first of its parts that fails; a body that is cut off would otherwise be waited for.
  try {
    if (encoding === 'gzip') await pipeline(body, createGunzip(), gather);
    else await pipeline(body, gather);
  } catch (error) {
    // What the pipeline says of a body that it gave up is not why it did.
    throw size > maxBytes ? new SourceFailure('TooLarge', `the answer is larger than ${maxBytes} bytes`) : error;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function answerOf(status: number, body: string): Answer<Series[]> {
  const parsed = QueryAnswer.safeParse(parseJson(body));
  if (status !== 200 || !parsed.success || parsed.data.status !== 'success') {
    const reason = parsed.data?.error ?? (body === '' ? 'empty answer' : body);
    throw new SourceFailure(statusCode(status), `HTTP ${status}: ${reason}`);
  }
  const { data, warnings, isPartial } = parsed.data;
  const series = data === undefined ? undefined : seriesOf(data);
  if (series === undefined) throw new SourceFailure('Malformed', 'the answer is no vector and no matrix');
  // Remarks on the query, which older servers put among the warnings, take no data away.
  const warning = warnings?.find((text) => !text.startsWith('PromQL info'));
  if (warning !== undefined) throw new SourceFailure('Partial', `partial answer: ${warning}`);
  if (isPartial === true) throw new SourceFailure('Partial', 'partial answer: not all storage nodes answered');
  const hasSample = ({ samples, histograms }: Series): boolean => samples.length > 0 || histograms !== undefined;
  return series.some(hasSample) ? { kind: 'value', value: series } : { kind: 'nodata' };
}

/**
 * The time of the server itself, asked without saying one: the time of the sample and not its value, which
 * VictoriaMetrics takes half a minute earlier (-search.latencyOffset).
 */
async function timeOf(config: PrometheusSource, agent: Agent): Promise<Answer<number>> {
  const answer = await ask(config, agent, { query: 'time()' }, MAX_BYTES);
  if (answer.kind !== 'value') return answer;
  const time = answer.value[0]?.samples[0]?.[0];
  return time === undefined ? { kind: 'nodata' } : { kind: 'value', value: time };
}

function statusCode(status: number): SourceErrorCode {
  if (status === 401 || status === 403) return 'Refused';
  if (status === 400 || status === 422) return 'Rejected';
  return status === 200 ? 'Malformed' : 'Unavailable';
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message || code || error.name;
}

/** An answer may be a whole page of a proxy. */
function cut(message: string): string {
  return message.length > 300 ? `${message.slice(0, 300)}...` : message;
}
