import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PodsSource } from './config.ts';
import { createScraper, type Scraper } from './scrape.ts';
import { type PodServer, startPodServer, text } from './testing/pod-server.ts';

let server: PodServer;
let scraper: Scraper;

beforeEach(async () => {
  server = await startPodServer(text(() => 'a{x="y"} 1\nb 2\n'));
  scraper = scraperOf(20);
});

afterEach(async () => {
  await scraper.close();
  await server.close();
});

function scraperOf(timeoutSeconds: number): Scraper {
  return createScraper({ ...PodsSource.parse({ maxBodyBytes: 100_000 }), timeoutSeconds });
}

function scrape(path = '/metrics', port = server.port): ReturnType<Scraper['scrape']> {
  return scraper.scrape({ scheme: 'http', ip: '127.0.0.1', port, path });
}

function answer(status: number, headers: Record<string, string>, body: string | Buffer): void {
  server.answer = (_, response) => void response.writeHead(status, headers).end(body);
}

describe('createScraper', () => {
  test('reads what a pod exports, with the names asked for', async () => {
    expect(await scrape('/stats')).toEqual({
      kind: 'value',
      value: [
        { name: 'a', labels: { x: 'y' }, value: 1 },
        { name: 'b', labels: {}, value: 2 },
      ],
    });
    expect(server.requests[0]).toMatchObject({ url: '/stats', method: 'GET' });
    expect(server.requests[0]?.headers).toMatchObject({ host: `127.0.0.1:${server.port}`, 'accept-encoding': 'gzip' });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  test('gzip', async () => {
    answer(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' }, gzipSync('a 1\n'));
    expect(await scrape()).toEqual({ kind: 'value', value: [{ name: 'a', labels: {}, value: 1 }] });
  });

  test('an answer without a metric is no data', async () => {
    answer(200, {}, '');
    expect(await scrape()).toEqual({ kind: 'nodata' });
  });

  test.each<[string, number, Record<string, string>, string | Buffer, string, RegExp]>([
    ['a redirect is not followed', 302, { location: 'http://127.0.0.1:1/' }, '', 'Unavailable', /HTTP 302/],
    ['a login', 401, {}, '', 'Refused', /HTTP 401/],
    ['trouble', 500, {}, 'boom', 'Unavailable', /HTTP 500/],
    ['a page', 200, { 'content-type': 'text/html' }, '<html>', 'Malformed', /no metrics: line 1/],
    ['OpenMetrics cut off', 200, { 'content-type': 'application/openmetrics-text' }, 'a 1\n', 'Malformed', /cut off/],
    ['a body too large', 200, {}, `# ${'x'.repeat(200_000)}\n`, 'TooLarge', /larger than 100000/],
    ['a bomb', 200, { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(20_000_000, 35)), 'TooLarge', /larger/],
    ['half a gzip', 200, { 'content-encoding': 'gzip' }, gzipSync('a 1\n').subarray(0, 15), 'Malformed', /gzip/],
    ['another encoding', 200, { 'content-encoding': 'br' }, 'x', 'Malformed', /br/],
  ])('%s', async (_, status, headers, body, code, message) => {
    answer(status, headers, body);
    const result = await scrape();
    expect(result).toMatchObject({ kind: 'failed', error: { code } });
    expect(result.kind === 'failed' ? result.error.message : '').toMatch(message);
    expect(server.requests).toHaveLength(1);
  });

  test('a pod that hangs, before its answer or within', async () => {
    await scraper.close();
    scraper = scraperOf(0.1);
    server.answer = () => undefined;
    expect(await scrape()).toMatchObject({ kind: 'failed', error: { code: 'Unreachable' } });
    server.answer = (_, response) => void response.writeHead(200).write('a 1\n');
    expect(await scrape()).toMatchObject({ kind: 'failed', error: { code: 'Unreachable' } });
  });

  test('a connection that breaks within the body', async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('a 1\n');
      setTimeout(() => response.destroy(), 20);
    };
    expect(await scrape()).toMatchObject({ kind: 'failed', error: { code: 'Unreachable' } });
  });

  test('a body whose end nothing marks must end with a line', async () => {
    server.answer = (_, response) => {
      response.socket?.end('HTTP/1.0 200 OK\r\n\r\na 1\nb 2');
    };
    expect(await scrape()).toMatchObject({ kind: 'failed', error: { code: 'Malformed' } });
    server.answer = (_, response) => {
      response.socket?.end('HTTP/1.0 200 OK\r\n\r\na 1\nb 2\n');
    };
    expect(await scrape()).toMatchObject({ kind: 'value' });
  });

  test('nobody there', async () => {
    const gone = await startPodServer(() => undefined);
    await gone.close();
    const result = await scrape('/metrics', gone.port);
    expect(result).toMatchObject({ kind: 'failed', error: { code: 'Unreachable' } });
    expect(result.kind === 'failed' ? result.error.message : '').toContain(`http://127.0.0.1:${gone.port}/metrics`);
  });
});
