import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ledgerOutcomes } from '../api/status-schema.ts';
import { aborted } from '../lib/abort.ts';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { silentLogger } from '../lib/log.ts';
import { readConfig } from '../operator/config.ts';
import type { Decision } from '../release/decision.ts';
import type { Snapshot } from '../release/snapshot.ts';
import { Receiver } from './config.ts';
import { type Delivery, deliver } from './deliver.ts';
import { type Notification, notificationKinds } from './notification.ts';
import { createNotifier, type Notifier } from './notifier.ts';

const notification: Notification = {
  id: 'a1',
  kind: 'RolledBack',
  time: '2026-11-20T10:00:00.000Z',
  namespace: 'shop',
  release: 'checkout',
  target: 'checkout',
  revision: '7f9a02c4d1',
  images: ['app=shop:1.42.0'],
  verdict: 'Regression',
  reason: 'latency-p95',
  sentence: 'p95 of canary is 141 ms, <86 ms> on stable & more',
  commit: 'a'.repeat(40),
};

let folder: string;
let server: Server;
let url: string;
let answers: { status: number; headers?: Record<string, string> }[];
let seen: { path: string; headers: IncomingHttpHeaders; body: string }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'notify-'));
  answers = [];
  seen = [];
  server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push({ path: request.url ?? '', headers: request.headers, body });
      const { status, headers } = answers.shift() ?? { status: 200 };
      response.writeHead(status, headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function file(content: string): string {
  const path = join(folder, 'secret');
  writeFileSync(path, content);
  return path;
}

describe('deliver', () => {
  test('a webhook gets a signed CloudEvent', async () => {
    const receiver = Receiver.parse({ type: 'webhook', name: 'ci', url: `${url}/hook`, secretFile: file('s3cret\n') });
    expect(await deliver(receiver, notification)).toEqual({ outcome: 'sent' });
    const [request] = seen;
    expect(JSON.parse(request?.body ?? '')).toEqual({
      specversion: '1.0',
      id: 'a1',
      source: '/apis/tandem.dev/v1alpha1/namespaces/shop/canaryreleases/checkout',
      type: 'dev.tandem.release.rolledback',
      subject: '7f9a02c4d1',
      time: '2026-11-20T10:00:00.000Z',
      datacontenttype: 'application/json',
      data: notification,
    });
    expect(request?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    const signature = createHmac('sha256', 's3cret')
      .update(request?.body ?? '')
      .digest('hex');
    expect(request?.headers['x-tandem-signature-256']).toBe(`sha256=${signature}`);
  });

  test('the secret is read at each use', async () => {
    const path = file('one');
    const receiver = Receiver.parse({ type: 'webhook', name: 'ci', url, secretFile: path });
    await deliver(receiver, notification);
    file('two');
    await deliver(receiver, notification);
    const [first, second] = seen.map(({ headers }) => headers['x-tandem-signature-256']);
    expect(first).not.toBe(second);
    rmSync(path);
    expect(await deliver(receiver, notification)).toEqual({ outcome: 'failed', problem: 'ENOENT' });
  });

  test('Slack and Teams get their own form, at an address from a file', async () => {
    await deliver(Receiver.parse({ type: 'slack', name: 's', urlFile: file(`${url}/services/T0`) }), notification);
    await deliver(Receiver.parse({ type: 'teams', name: 't', urlFile: file(`${url}/workflows/1`) }), notification);
    expect(seen.map(({ path }) => path)).toEqual(['/services/T0', '/workflows/1']);
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
      text: '*RolledBack: shop/checkout 7f9a02c4d1*\np95 of canary is 141 ms, &lt;86 ms&gt; on stable &amp; more',
    });
    const card = JSON.parse(seen[1]?.body ?? '');
    expect(card.attachments[0].content.body[0]).toMatchObject({ type: 'TextBlock', color: 'Attention' });
  });

  test('GitHub gets the status of the commit, and nothing where there is none', async () => {
    const raw = { type: 'github', name: 'g', apiUrl: url, repository: 'acme/shop', tokenFile: file('ghp') };
    const receiver = Receiver.parse(raw);
    expect(await deliver(receiver, { ...notification, sentence: 'x'.repeat(300) })).toEqual({ outcome: 'sent' });
    expect(seen[0]?.path).toBe(`/repos/acme/shop/statuses/${'a'.repeat(40)}`);
    expect(seen[0]?.headers.authorization).toBe('Bearer ghp');
    const body = JSON.parse(seen[0]?.body ?? '');
    expect(body).toMatchObject({ state: 'failure', context: 'tandem' });
    expect(body.description).toHaveLength(140);
    await deliver(receiver, { ...notification, sentence: '\u{1F600}'.repeat(300) });
    expect((JSON.parse(seen.pop()?.body ?? '') as { description: string }).description).not.toMatch(/\p{Cs}/u);
    for (const commit of ['main', '../../../user', 'A'.repeat(40)])
      expect(await deliver(receiver, { ...notification, commit })).toEqual({ outcome: 'skipped' });
    expect(seen).toHaveLength(1);
  });

  test('a wrong request, a bad moment and a redirect stay apart', async () => {
    const receiver = Receiver.parse({ type: 'webhook', name: 'ci', url });
    answers = [
      { status: 404 },
      { status: 503 },
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 302, headers: { location: `${url}/elsewhere` } },
    ];
    expect(await deliver(receiver, notification)).toEqual({ outcome: 'refused', problem: 'HTTP 404' });
    expect(await deliver(receiver, notification)).toEqual({ outcome: 'failed', problem: 'HTTP 503' });
    expect(await deliver(receiver, notification)).toEqual({ outcome: 'failed', problem: 'HTTP 429', afterSeconds: 7 });
    expect(await deliver(receiver, notification)).toEqual({ outcome: 'refused', problem: 'HTTP 302' });
    expect(seen).toHaveLength(4);
    const nobody = Receiver.parse({ type: 'webhook', name: 'ci', url: 'http://127.0.0.1:1/secret' });
    expect(await deliver(nobody, notification)).toEqual({ outcome: 'failed', problem: 'ECONNREFUSED' });
  });
});

type Status = Decision['status'];

describe('createNotifier', () => {
  let clock: FakeClock;
  let stop: AbortController;
  let sent: string[];
  let counted: string[];
  let results: Delivery[];

  beforeEach(() => {
    clock = createFakeClock(Date.UTC(2026, 10, 20, 10));
    stop = new AbortController();
    sent = [];
    counted = [];
    results = [];
  });
  afterEach(() => stop.abort());

  function notifier(changes: object = {}): Notifier {
    const made = createNotifier({
      receivers: [Receiver.parse({ type: 'webhook', name: 'ci', url, ...changes })],
      deliver: ({ name }, { kind, revision }) => {
        sent.push(`${name} ${kind} ${revision}`);
        return Promise.resolve(results.shift() ?? { outcome: 'sent' });
      },
      clock,
      random: () => 0,
      log: silentLogger,
      count: (_, outcome) => void counted.push(outcome),
    });
    void made.run(stop.signal);
    return made;
  }

  function pass(to: Notifier, before: Status | undefined, after: Status, namespace = 'shop'): void {
    const release = {
      apiVersion: 'tandem.dev/v1alpha1',
      kind: 'CanaryRelease',
      metadata: { name: 'checkout', namespace, uid: 'u1' },
      spec: { targetRef: { name: 'checkout' } },
      ...(before === undefined ? {} : { status: before }),
    };
    const snapshot = { now: clock.now(), release, target: undefined } as unknown as Snapshot;
    to.observe(snapshot, { status: after, actions: [], events: [], wakeAt: undefined });
  }

  const idle: Status = { observedGeneration: 1, phase: 'Idle', ledger: [] };
  const canary = { revision: '7f9a02c4d1', images: ['app=shop:2'], replicas: 1, ready: 0, started: time(-60) };
  const starting: Status = { ...idle, phase: 'Starting', canary };
  const worse = { verdict: 'Regression', reason: 'errors', sentence: 'more errors' } as const;

  function time(seconds: number): string {
    return new Date(Date.UTC(2026, 10, 20, 10) + seconds * 1000).toISOString();
  }

  function ended(outcome: 'RolledBack' | 'Promoted' | 'Adopted', at = time(0)): Status {
    const verdict = 'Regression' as const;
    const entry = { revision: '7f9a02c4d1'.padEnd(32, '0'), images: [], generation: 2, verdict };
    const rest = { outcome, by: '', reason: 'errors', sentence: 'more errors', started: time(-60), ended: at };
    return { ...idle, phase: 'RollingBack', ledger: [{ ...entry, ...rest }] };
  }

  test('tells the start, the regression and the end, each once and in order', async () => {
    const to = notifier();
    pass(to, idle, idle);
    pass(to, idle, starting);
    pass(to, starting, starting);
    pass(to, starting, { ...ended('RolledBack'), canary, analysis: worse });
    pass(to, ended('RolledBack'), ended('RolledBack'));
    await clock.advance(1000);
    expect(sent).toEqual(['ci Started 7f9a02c4d1', 'ci Regression 7f9a02c4d1', 'ci RolledBack 7f9a02c4d1']);
  });

  test('tells again what ended just before a restart, and nothing older', async () => {
    pass(notifier(), ended('RolledBack', time(-600)), ended('RolledBack', time(-600)));
    pass(notifier(), ended('Promoted', time(-3600)), ended('Promoted', time(-3600)));
    pass(notifier(), ended('Adopted'), ended('Adopted'));
    await clock.advance(1000);
    expect(sent).toEqual(['ci RolledBack 7f9a02c4d1']);
  });

  test('tells again what ended just before a restart, though the first pass replaces it in the ledger', async () => {
    pass(notifier(), ended('RolledBack', time(-60)), { ...idle, phase: 'Starting' });
    await clock.advance(1000);
    expect(sent).toEqual(['ci RolledBack 7f9a02c4d1']);
  });

  test('only of the namespaces and kinds that are asked for', async () => {
    const to = notifier({ namespaces: ['shop'], kinds: ['Promoted'] });
    pass(to, idle, starting);
    pass(to, idle, ended('Promoted'), 'bank');
    pass(to, idle, ended('Promoted'));
    await clock.advance(1000);
    expect(sent).toEqual(['ci Promoted 7f9a02c4d1']);
  });

  test('a failure is tried again, later and later; the next one waits', async () => {
    const failed: Delivery = { outcome: 'failed', problem: 'HTTP 503' };
    results = [failed, failed, { ...failed, afterSeconds: 30 }];
    const to = notifier();
    pass(to, idle, starting);
    pass(to, starting, ended('RolledBack'));
    await clock.advance(500);
    expect(sent).toHaveLength(1);
    await clock.advance(3000);
    expect(sent).toHaveLength(3);
    await clock.advance(29_000);
    expect(sent).toHaveLength(3);
    await clock.advance(2000);
    expect(sent.slice(3)).toEqual(['ci Started 7f9a02c4d1', 'ci RolledBack 7f9a02c4d1']);
    expect(counted).toEqual(['retried', 'retried', 'retried', 'sent', 'sent']);
  });

  test('what is refused goes; what waits for a day is given up', async () => {
    results = [{ outcome: 'refused', problem: 'HTTP 404' }];
    const to = notifier();
    pass(to, idle, starting);
    await clock.advance(1000);
    expect(counted).toEqual(['refused']);
    results = Array.from({ length: 400 }, () => ({ outcome: 'failed', problem: 'HTTP 500' }));
    pass(to, starting, ended('Promoted'));
    await clock.advance(25 * 3_600_000);
    expect(counted.at(-1)).toBe('expired');
  });

  test('a receiver that hangs keeps no process that stops', async () => {
    const asked: string[] = [];
    const made = createNotifier({
      receivers: [Receiver.parse({ type: 'webhook', name: 'ci', url })],
      deliver: (_, { kind }, signal) => {
        asked.push(kind);
        return aborted(signal).then(() => ({ outcome: 'failed', problem: 'AbortError' }));
      },
      clock,
      random: () => 0,
      log: silentLogger,
    });
    const running = made.run(stop.signal);
    pass(made, idle, starting);
    pass(made, starting, ended('RolledBack'));
    await clock.advance(1000);

    stop.abort();
    await clock.advance(10_000);
    await running;
    expect(asked).toEqual(['Started']);
  });

  test.each([['none'], ['ci']])(
    'a stop leaves no timer that keeps the process for seconds: receivers %s',
    async (of) => {
      const receivers = [Receiver.parse({ type: 'webhook', name: 'ci', url })].filter(({ name }) => name === of);
      const deliver = () => Promise.resolve<Delivery>({ outcome: 'sent' });
      const made = createNotifier({ receivers, deliver, clock, random: () => 0, log: silentLogger });
      const running = made.run(stop.signal);
      await clock.advance(1000);
      stop.abort();
      await clock.advance(0);
      await running;
      expect(clock.pending()).toBe(0);
    },
  );

  test('the line is bounded, and tried once more at the end', async () => {
    results = [{ outcome: 'failed', problem: 'HTTP 503', afterSeconds: 3600 }];
    const to = notifier();
    for (let i = 0; i <= 1005; i++) pass(to, idle, { ...ended('Promoted', time(i)) });
    await clock.advance(10);
    expect(counted.filter((outcome) => outcome === 'dropped')).toHaveLength(6);
    stop.abort();
    await clock.advance(10);
    expect(sent.length).toBeGreaterThanOrEqual(1000);
  });
});

test('each end that the ledger knows is told', () => {
  const onTheWay = ['Promoting', 'RollingBack', 'Adopted'];
  const kinds: readonly string[] = notificationKinds;
  expect(ledgerOutcomes.filter((outcome) => !onTheWay.includes(outcome) && !kinds.includes(outcome))).toEqual([]);
});

describe('notifications of the configuration', () => {
  test.each([
    ['[{type: pager, name: a}]', 'notifications.0.type'],
    ['[{type: webhook, name: a}]', 'notifications.0.url'],
    ['[{type: slack, name: a, url: "https://hooks.example"}]', 'notifications.0'],
    ['[{type: webhook, name: a, url: "ftp://x"}]', 'notifications.0.url'],
    ['[{type: github, name: a, repository: shop, tokenFile: /t}]', 'must be OWNER/NAME'],
    ['[{type: slack, name: a, urlFile: /s, kinds: [Broken]}]', 'notifications.0.kinds'],
    ['[{type: slack, name: a, urlFile: /s}, {type: slack, name: a, urlFile: /s}]', 'two notifications have the name'],
  ])('%s is refused', (text, message) => {
    expect(() => readConfig(['--config', 'f'], {}, () => `notifications: ${text}`)).toThrow(message);
  });
});
