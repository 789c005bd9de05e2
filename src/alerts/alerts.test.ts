import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock } from '../lib/fake-clock.ts';
import { silentLogger } from '../lib/log.ts';
import { readConfig } from '../operator/config.ts';
import { alarmOf, alarmSentence } from '../release/alarm.ts';
import { pod } from '../release/testing/objects.ts';
import { createAlertBoard } from './board.ts';
import { serveAlerts } from './server.ts';

function alert(changes: object = {}): object {
  return {
    status: 'firing',
    labels: { alertname: 'Slow', namespace: 'shop', pod: 'c-1' },
    annotations: { summary: 'too slow' },
    startsAt: '2026-01-01T00:05:00Z',
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint: 'f1',
    ...changes,
  };
}

const message = (...alerts: object[]): object => ({ version: '4', receiver: 'tandem', status: 'firing', alerts });
const slow = { name: 'Slow', pod: 'c-1', startedAt: Date.UTC(2026, 0, 1, 0, 5), summary: 'too slow' };

describe('createAlertBoard', () => {
  const clock = createFakeClock();

  test('knows what fires, by fingerprint, until it is resolved', () => {
    const board = createAlertBoard({ clock });
    board.take(
      message(alert(), alert({ fingerprint: 'f2', labels: { alertname: 'Other', namespace: 'bank', pod: 'x' } })),
    );
    board.take(message(alert()));
    expect(board.firing('shop')).toEqual([slow]);
    board.take(message(alert({ status: 'resolved' })));
    expect(board.firing('shop')).toEqual([]);
    expect(board.firing('bank')).toHaveLength(1);
  });

  test('knows the pod by the labels that there are, and leaves alerts without one', () => {
    const board = createAlertBoard({ clock });
    const labels = { alertname: 'Slow', kubernetes_namespace: 'shop', kubernetes_pod_name: 'c-1' };
    board.take(
      message(alert({ labels }), alert({ labels: { alertname: 'Slow', namespace: 'shop' }, fingerprint: 'f2' })),
    );
    expect(board.firing('shop')).toEqual([slow]);
  });

  test('forgets what nobody repeats, and leaves namespaces that do not count', async () => {
    const own = createFakeClock();
    const board = createAlertBoard({ clock: own, namespaces: ['shop'] });
    board.take(message(alert({ labels: { namespace: 'bank', pod: 'x' } })));
    expect(board.firing('bank')).toEqual([]);
    board.take(message(alert()));
    await own.advance(13 * 3_600_000);
    expect(board.firing('shop')).toEqual([]);
  });

  test.each([
    [undefined, 'body'],
    [{ version: '3', alerts: [] }, 'version'],
    [message(alert({ startsAt: 'now' })), 'alerts.0.startsAt'],
    [message(alert({ status: 'maybe' })), 'alerts.0.status'],
  ])('%j is refused', (body, problem) => {
    expect(createAlertBoard({ clock }).take(body)).toContain(problem);
  });
});

describe('alarmOf', () => {
  const tracks = { canary: [pod('c-1')], stable: [pod('s-1'), pod('s-2')] };
  const since = Date.UTC(2026, 0, 1, 0, 4);

  test('an alert for the canary that began after it is one', () => {
    const found = alarmOf([slow], tracks, since);
    expect(found).toBe(slow);
    expect(alarmSentence(slow)).toBe('alert Slow fires for c-1 and for no pod of stable: too slow');
  });

  test.each([
    ['an older one', [slow], Date.UTC(2026, 0, 1, 0, 6)],
    ['one of another pod', [{ ...slow, pod: 'x-1' }], since],
    ['one that stable has too', [slow, { ...slow, pod: 's-2', startedAt: 0 }], since],
    ['none', [], since],
  ])('%s is none', (_, alerts, from) => {
    expect(alarmOf(alerts, tracks, from)).toBeUndefined();
  });
});

describe('serveAlerts', () => {
  let folder: string;
  let tokenFile: string;
  let isLeader: boolean;
  let errors: object[];
  let server: Awaited<ReturnType<typeof serveAlerts>>;
  const board = createAlertBoard({ clock: createFakeClock() });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alerts-'));
    tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 's3cret\n');
    isLeader = true;
    errors = [];
    const log = { ...silentLogger, error: (fields: object) => void errors.push(fields) };
    server = await serveAlerts({ config: { address: '127.0.0.1:0', tokenFile }, board, isLeader: () => isLeader, log });
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  async function post(body: string, token = 's3cret', path = '/alertmanager', method = 'POST'): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    const init = method === 'GET' ? { method, headers } : { method, headers, body };
    return (await fetch(`http://127.0.0.1:${server.port}${path}`, init)).status;
  }

  test('takes what brings the token, which is read at each request', async () => {
    expect(await post(JSON.stringify(message(alert())))).toBe(200);
    expect(board.firing('shop')).toEqual([slow]);
    writeFileSync(tokenFile, 'other');
    expect(await post('{}')).toBe(401);
    writeFileSync(tokenFile, '');
    expect(await post('{}', '')).toBe(401);
  });

  test('a token that cannot be read is told to the log, not to the sender', async () => {
    rmSync(tokenFile);
    expect(await post('{}')).toBe(500);
    expect(errors).toMatchObject([{ err: { code: 'ENOENT', path: tokenFile } }]);
  });

  test('says what is wrong', async () => {
    expect(await post('{}', 'guess')).toBe(401);
    expect(await post('{}', 's3cret', '/')).toBe(404);
    expect(await post('', 's3cret', '/alertmanager', 'GET')).toBe(405);
    expect(await post('no JSON')).toBe(400);
    expect(await post('x'.repeat(1024 * 1024 + 1))).toBe(413);
    isLeader = false;
    expect(await post(JSON.stringify(message(alert())))).toBe(503);
  });
});

test.each([
  ['{address: ":9095"}', 'alertmanager.tokenFile'],
  ['{address: "9095", tokenFile: /t}', 'must be HOST:PORT or :PORT'],
  ['{address: ":9095", tokenFile: /t, token: x}', 'token'],
])('alertmanager: %s is refused', (text, problem) => {
  expect(() => readConfig(['--config', 'f'], {}, () => `alertmanager: ${text}`)).toThrow(problem);
});
