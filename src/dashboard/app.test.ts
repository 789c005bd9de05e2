import { describe, expect, it } from 'vitest';
import type { CanaryRelease } from '../api/schema.ts';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { createDashboard, type Dashboard } from './app.ts';
import { loadAssets } from './assets.ts';
import type { PlotData } from './plot-data.ts';
import { courseAfter, createFakeSource, type FakeSource, releaseOf } from './testing/source.ts';

const assets = await loadAssets();

interface Opened {
  source: FakeSource;
  clock: FakeClock;
  dashboard: Dashboard;
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Response>;
  text(path: string): Promise<string>;
}

function open(releases: CanaryRelease[] = [releaseOf('shop', 'checkout')], hosts: string[] = []): Opened {
  const source = createFakeSource(releases);
  const clock = createFakeClock();
  const dashboard = createDashboard({ source, assets, clock, version: '1.2.3', hosts, mostViewers: 2 });
  const get: Opened['get'] = async (path, headers = {}, method = 'GET') =>
    dashboard.app.request(`http://localhost:8082${path}`, { headers: { host: 'localhost:8082', ...headers }, method });
  return { source, clock, dashboard, get, text: async (path) => (await get(path)).text() };
}

describe('the pages', () => {
  it('list releases by namespace, with phase and verdict in words', async () => {
    const { text } = open([
      releaseOf('shop', 'checkout'),
      releaseOf('shop', 'cart', { phase: 'Rejected' }),
      releaseOf('payments', 'ledger', { phase: 'Idle', analysis: {} }),
    ]);
    const page = await text('/');
    expect(page).toMatch(/<h2><a href="namespaces\/payments">payments<\/a><\/h2>[^]*<h2><a href="namespaces\/shop">/);
    expect(page).toContain('href="releases/shop/checkout"');
    expect(page.indexOf('releases/shop/cart')).toBeLessThan(page.indexOf('releases/shop/checkout'));
    for (const word of ['Analyzing', 'Rejected', 'Undecided']) expect(page).toContain(word);
    const one = await text('/namespaces/payments');
    expect(one).toContain('href="../releases/payments/ledger"');
    expect(one).not.toContain('checkout');
  });

  it('show a release without script: verdict, figures in tables, events, history', async () => {
    const { source, text } = open();
    source.courses.set('shop/checkout', courseAfter(20));
    source.journals.set('shop/checkout', {
      since: '2026-11-20T09:00:00Z',
      phases: [],
      events: [{ at: '2026-11-20T10:00:01Z', type: 'Warning', reason: 'SkewedTraffic', note: 'the share is off' }],
    });
    const page = await text('/releases/shop/checkout');
    for (const told of ['Undecided so far', '141 ms', '12,345', '53%', 'SkewedTraffic', 'Deadline', '25%'])
      expect(page).toContain(told);
    expect(page).toContain('data-course="../../data/shop/checkout"');
    // Beside every canvas there is a table with the figures.
    expect(page.match(/role="img"/g)?.length).toBe(2 * (page.match(/class="plot"/g)?.length ?? 0));
    expect(page.match(/<caption|over time" tabindex/g)?.length).toBeGreaterThanOrEqual(7);
    expect(page).toContain('+20% ..');
  });

  it('that cannot be made say nothing of why to the viewer, and all of it to the operator', async () => {
    const source = createFakeSource([releaseOf('shop', 'checkout')]);
    source.journal = () => {
      throw new Error('secret detail');
    };
    const heard: string[] = [];
    const failed = (error: unknown, path: string): void => void heard.push(`${path} ${String(error)}`);
    const { app } = createDashboard({ source, assets, clock: createFakeClock(), version: '1', hosts: [], failed });
    const answer = await app.request('http://localhost/releases/shop/checkout', { headers: { host: 'localhost' } });
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret');
    expect(heard).toEqual(['/releases/shop/checkout Error: secret detail']);
  });

  it('escape whatever a cluster says', async () => {
    const evil = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>';
    const { source, text, get } = open([
      releaseOf('shop', 'checkout', {
        message: evil,
        warnings: [evil],
        stable: { revision: evil, images: [`app=${evil}`], replicas: 1, ready: 1 },
        analysis: { verdict: 'Undecided', sentence: evil, metrics: [{ name: evil, verdict: 'Pass', query: evil }] },
        ledger: [
          {
            revision: evil,
            images: [evil],
            generation: 1,
            verdict: 'Pass',
            outcome: 'Promoted',
            by: evil,
            reason: evil,
            sentence: evil,
            started: evil,
            ended: evil,
          },
        ],
      }),
      releaseOf(evil, evil),
    ]);
    source.stands = { leads: false, leader: `${evil}_1` };
    const course = courseAfter(3);
    source.courses.set('shop/checkout', { ...course, metrics: course.metrics.map((one) => ({ ...one, name: evil })) });
    source.journals.set('shop/checkout', {
      since: evil,
      phases: [{ phase: 'Analyzing', at: evil }],
      events: [{ at: evil, type: 'Warning', reason: evil, note: evil }],
    });
    for (const path of ['/', '/releases/shop/checkout', `/namespaces/${encodeURIComponent(evil)}`]) {
      const page = await text(path);
      expect(page).not.toMatch(/<script>|<img|onerror=alert\(1\)>(?!&)/);
      expect(page).toContain('&lt;script&gt;');
    }
    expect(await (await get(`/nothing/${encodeURIComponent(evil)}`)).text()).not.toContain('<script>alert');
  });

  it('show no annotation, and nothing that a stranger could use', async () => {
    const { text } = open();
    for (const path of ['/', '/releases/shop/checkout']) expect(await text(path)).not.toContain('hunter2');
  });

  it('say that this replica stands by, and where the plots are', async () => {
    const { source, text } = open();
    source.stands = { leads: false, leader: 'tandem-abc_123' };
    const page = await text('/releases/shop/checkout');
    expect(page).toContain('This replica stands by');
    expect(page).toContain('Live plots are with the leader, tandem-abc');
    expect(page).toContain('141 ms');
  });

  it('hold a bounded number of rows, the most urgent ones', async () => {
    const many = Array.from({ length: 450 }, (_, index) =>
      releaseOf(`ns-${index % 3}`, `r-${index}`, { phase: 'Idle' }),
    );
    const { text } = open([...many, releaseOf('zoo', 'late', { phase: 'Rejected' })]);
    const page = await text('/');
    expect(page.match(/<tr id="row:/g)).toHaveLength(200);
    expect(page).toContain('releases/zoo/late');
    expect(page).toContain('200 of 451 are shown');
    expect(page).toContain('href="namespaces/ns-2"');
  });

  it('are not there before the caches are filled, and for what is not there', async () => {
    const { source, get } = open();
    expect((await get('/releases/shop/nothing')).status).toBe(404);
    expect((await get('/wp-login.php')).status).toBe(404);
    source.isReady = false;
    expect((await get('/')).status).toBe(503);
  });
});

describe('the door', () => {
  const paths = [
    '/',
    '/releases/shop/checkout',
    '/data/shop/checkout',
    '/nothing',
    '/live/list',
    `/${assets.script.path}`,
  ];

  it.each(paths)('answers %s with a strict policy and without a word for other sites', async (path) => {
    const { get } = open();
    const response = await get(path, {}, path.startsWith('/live') ? 'HEAD' : 'GET');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    const { get } = open();
    for (const path of paths) {
      const response = await get(path, {}, method);
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('GET, HEAD');
    }
  });

  it('answers only to names that nobody else can own', async () => {
    const { get } = open(undefined, ['tandem.example.com']);
    const own = ['localhost', '127.0.0.1:8082', '[::1]:8082', '10.0.3.7', 'tandem-dashboard', 'TANDEM.example.com:443'];
    for (const host of [
      ...own,
      'tandem-dashboard.tandem-system.svc',
      'tandem-dashboard.tandem-system.svc.cluster.local',
    ])
      expect([host, (await get('/', { host })).status]).toEqual([host, 200]);
    const foreign = ['evil.example', 'rebind.evil.example:8082', 'localhost.evil.example', '127.0.0.1.nip.io', ''];
    for (const host of foreign) expect([host, (await get('/', { host })).status]).toEqual([host, 421]);
    expect((await open(undefined, ['*']).get('/', { host: 'any.example' })).status).toBe(200);
  });

  it('lets other sites link here, and nothing more', async () => {
    const { get } = open();
    const from = (mode: string) => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode });
    expect((await get('/', from('navigate'))).status).toBe(200);
    expect((await get('/live/list', from('cors'))).status).toBe(403);
  });

  it('has pages without inline script or style, and loads nothing from elsewhere', async () => {
    const { source, text } = open();
    source.courses.set('shop/checkout', courseAfter(5));
    for (const path of ['/', '/releases/shop/checkout', '/nothing']) {
      const page = await text(path);
      expect(page).not.toMatch(/\sstyle=|<style|\son[a-z]+=|javascript:|https?:\/\//);
      expect(page.match(/<script[^>]*>[^<]/)).toBeNull();
    }
  });

  it('sends again only what changed', async () => {
    const { get } = open();
    const etag = (await get('/')).headers.get('etag') ?? '';
    expect((await get('/', { 'if-none-match': etag })).status).toBe(304);
    const script = await get(`/${assets.script.path}`);
    expect(script.headers.get('cache-control')).toContain('immutable');
    expect(await script.text()).not.toMatch(/https?:\/\/(?!www\.w3\.org|github\.com\/leeoniya)/);
  });
});

describe('the data of the plots', () => {
  it('are computed once for all who ask in one second', async () => {
    const { source, clock, get } = open();
    source.courses.set('shop/checkout', courseAfter(12));
    const answers = await Promise.all(Array.from({ length: 100 }, () => get('/data/shop/checkout')));
    const data = (await answers[0]!.json()) as PlotData;
    expect(data.metrics.find(({ name }) => name === 'latency-p95')?.columns.at).toHaveLength(12);
    expect(source.asked).toBe(1);
    await clock.advance(1000);
    await get('/data/shop/checkout');
    expect(source.asked).toBe(2);
  });

  it('stay after the end of the release, until the next one', async () => {
    const { source, clock, get } = open();
    source.courses.set('shop/checkout', courseAfter(12));
    await get('/data/shop/checkout');
    source.courses.clear();
    await clock.advance(60_000);
    expect((await get('/data/shop/checkout')).status).toBe(200);
    source.all = [releaseOf('shop', 'checkout', { analysis: { since: '2026-11-20T11:00:00Z' } })];
    expect((await get('/data/shop/checkout')).status).toBe(404);
  });
});

/** Text of a stream as far as it has come. */
function reading(response: Response): { text(): string; done: Promise<void>; end(): Promise<void> } {
  const reader = response.body!.getReader();
  let text = '';
  const done = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += new TextDecoder().decode(part.value);
  })();
  return { text: () => text, done, end: async () => (await reader.cancel(), done) };
}

describe('live updates', () => {
  it('bring what changed, at most once a second', async () => {
    const { source, clock, get } = open();
    source.courses.set('shop/checkout', courseAfter(12));
    const page = await (await get('/releases/shop/checkout')).text();
    const frame = /data-frame="([^"]+)"/.exec(page)?.[1] ?? '';
    const stream = reading(await get(`/live/releases/shop/checkout?frame=${frame}`));
    await clock.advance(10);
    expect(stream.text().match(/event: update/g)).toHaveLength(1);
    expect(stream.text()).not.toContain('"main"');

    source.all = [releaseOf('shop', 'checkout', { message: 'something new' })];
    for (let index = 0; index < 50; index += 1) source.touch('shop/checkout');
    source.touch('shop/other');
    await clock.advance(500);
    expect(stream.text().match(/event: update/g)).toHaveLength(1);
    await clock.advance(600);
    expect(stream.text().match(/event: update/g)).toHaveLength(2);
    expect(stream.text()).toContain('something new');
    await clock.advance(15_000);
    expect(stream.text()).toContain(': still here');
    await stream.end();
  });

  it('make a page once for all who look at it, and not at all for nobody', async () => {
    const { source, clock, get } = open();
    source.touch('shop/checkout');
    await clock.advance(5000);
    expect(source.asked).toBe(0);
    const streams = [
      reading(await get('/live/releases/shop/checkout')),
      reading(await get('/live/releases/shop/checkout')),
    ];
    await clock.advance(5000);
    expect(source.asked).toBe(1);
    for (const stream of streams) expect(stream.text()).toContain('"main"');
    for (const stream of streams) await stream.end();
    source.touch('shop/checkout');
    await clock.advance(5000);
    expect(source.asked).toBe(1);
  });

  it('look again now and then, for what nobody tells of', async () => {
    const { source, clock, get } = open();
    const stream = reading(await get('/live/releases/shop/checkout'));
    await clock.advance(5000);
    source.journals.set('shop/checkout', {
      since: '2026-11-20T09:00:00Z',
      phases: [],
      events: [{ at: '2026-11-20T10:00:01Z', type: 'Normal', reason: 'Untold', note: '' }],
    });
    await clock.advance(5000);
    expect(stream.text()).not.toContain('Untold');
    await clock.advance(10_000);
    expect(stream.text()).toContain('Untold');
    await stream.end();
  });

  it('are for so many at once, and a place becomes free', async () => {
    const { clock, get } = open();
    const streams = [reading(await get('/live/list')), reading(await get('/live/list'))];
    const refused = await get('/live/list');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('60');
    await streams[0]!.end();
    await clock.advance(20_000);
    expect((await get('/live/list', {}, 'GET')).status).toBe(200);
    await streams[1]!.end();
  });

  it('end when the release is deleted, and when the operator stops', async () => {
    const { source, clock, get, dashboard } = open();
    const gone = reading(await get('/live/releases/shop/checkout'));
    const ended = reading(await get('/live/list'));
    await clock.advance(100);
    source.all = [];
    source.touch('shop/checkout');
    await clock.advance(2000);
    expect(gone.text()).toContain('event: gone');
    dashboard.close();
    await clock.advance(1);
    await ended.done;
    expect(ended.text()).not.toContain('event: gone');
  });
});
