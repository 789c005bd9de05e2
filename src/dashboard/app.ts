import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Clock } from '../lib/clock.ts';
import { html } from '../lib/html.ts';
import type { Asset, Assets } from './assets.ts';
import { type Courses, createCourses } from './courses.ts';
import { guard } from './guard.ts';
import { createHub, type Hub, type Shown, type Viewer } from './hub.ts';
import type { PlotData } from './plot-data.ts';
import { createRecords, findRecord, idOf, type Records } from './records.ts';
import type { DashboardSource, KeptRecord } from './source.ts';
import { endedPage } from './view/ended.ts';
import { documentOf } from './view/layout.ts';
import { listPage } from './view/list.ts';
import { digest, type Page } from './view/page.ts';
import { podOf, releasePage } from './view/release.ts';

export interface DashboardOptions {
  source: DashboardSource;
  assets: Assets;
  clock: Clock;
  /** Of the program, for the foot of each page. */
  version: string;
  /** Names by which browsers may ask, besides addresses, localhost and Services. */
  hosts: readonly string[];
  /** Live updates at once; 200 if absent. */
  mostViewers?: number;
  /** Hears why a page could not be made, which its viewer is not told. */
  failed?(error: unknown, path: string): void;
}

export interface Dashboard {
  app: Hono;
  /** Ends all live updates. */
  close(): void;
}

/** Pages are made anew no more often. */
const everyMilliseconds = 1000;
/** Silence after which a comment is sent, so that proxies keep the connection. */
const heartbeatMilliseconds = 15_000;

/** The pages of the dashboard. Everything is read from `source`: a viewer costs no request to the API. */
export function createDashboard(options: DashboardOptions): Dashboard {
  const { source, assets, clock } = options;
  const courses = createCourses(source, clock);
  const records = createRecords(source, clock);
  const show = (path: string): Promise<Shown | undefined> => shownAt(path, { source, courses, records });
  const hub = createHub({ clock, show, most: options.mostViewers ?? 200, everyMilliseconds });
  const unsubscribe = source.subscribe((key) => {
    hub.touch((path) => path === `releases/${key}` || path === '' || path === `namespaces/${key.split('/')[0]}`);
  });
  const app = new Hono({ strict: true });
  app.use(guard(options.hosts));
  serveAssets(app, Object.values(assets));
  for (const [page, live, path] of routes) {
    app.get(page, async (context) => {
      if (!source.ready()) return context.text('the caches are not filled yet: try again in a moment\n', 503);
      const shown = await show(path(context));
      return shown === undefined ? notFound(context, options) : documentAt(context, shown.page, options);
    });
    app.get(live, (context) => follow(context, hub, path(context)));
  }
  app.get('/data/:namespace/:name', async (context) => {
    const { namespace, name } = context.req.param();
    const shown = await show(`releases/${namespace}/${name}`);
    return dataAt(context, shown?.data);
  });
  const ended = async (context: Context): Promise<{ record: KeptRecord; data: PlotData | undefined } | undefined> => {
    const { namespace, name, id } = context.req.param();
    const key = `${namespace}/${name}`;
    if (source.release(key) === undefined || id === undefined) return undefined;
    const record = findRecord(await records.of(key), id);
    return record === undefined ? undefined : { record, data: await records.data(key, record) };
  };
  app.get('/releases/:namespace/:name/:id', async (context) => {
    const found = await ended(context);
    if (found === undefined) return notFound(context, options);
    return documentAt(context, endedPage(found.record, found.data, idOf(found.record)), options);
  });
  app.get('/data/:namespace/:name/:id', async (context) => dataAt(context, (await ended(context))?.data));
  app.notFound((context) => notFound(context, options));
  app.onError((error, context) => {
    options.failed?.(error, context.req.path);
    return context.text('the dashboard failed to make this page\n', 500);
  });
  return {
    app,
    close: () => {
      unsubscribe();
      hub.close();
    },
  };
}

/** Page, its live updates, and its name. */
const routes: [page: string, live: string, path: (context: Context) => string][] = [
  ['/', '/live/list', () => ''],
  ['/namespaces/:namespace', '/live/namespaces/:namespace', ({ req }) => `namespaces/${req.param('namespace')}`],
  [
    '/releases/:namespace/:name',
    '/live/releases/:namespace/:name',
    ({ req }) => `releases/${req.param('namespace')}/${req.param('name')}`,
  ],
];

/** Where the pages come from. */
interface Stock {
  source: DashboardSource;
  courses: Courses;
  records: Records;
}

async function shownAt(path: string, { source, courses, records }: Stock): Promise<Shown | undefined> {
  const [kind = '', namespace, name] = path.split('/');
  if (kind !== 'releases') return { page: listPage(source.releases(), namespace), data: undefined };
  const key = `${namespace}/${name}`;
  const release = source.release(key);
  if (release === undefined) return undefined;
  const kept = await records.of(key);
  const data = (await lastOf(key, kept, { source, records })) ?? (await courses.of(key));
  const page = releasePage({
    release,
    data,
    kept: new Set(kept.map(idOf)),
    journal: source.journal(key),
    standing: source.standing(),
  });
  return { page, data };
}

/** The whole of the release that status still speaks of, by its record: with its end, and also after a restart. */
async function lastOf(
  key: string,
  kept: readonly KeptRecord[],
  { source, records }: Pick<Stock, 'source' | 'records'>,
): Promise<PlotData | undefined> {
  const status = source.release(key)?.status;
  const newest = kept[0];
  if (newest === undefined || status?.canary !== undefined) return undefined;
  return newest.analysis?.since === status?.analysis?.since ? records.data(key, newest) : undefined;
}

function serveAssets(app: Hono, assets: readonly Asset[]): void {
  for (const { path, body, contentType } of assets)
    app.get(`/${path}`, (context) =>
      context.body(body, 200, { 'content-type': contentType, 'cache-control': 'public, max-age=31536000, immutable' }),
    );
}

function documentAt(context: Context, page: Page, options: DashboardOptions): Response {
  const { assets, version, source } = options;
  const { leads, leader } = source.standing();
  const pod = leader === undefined ? undefined : podOf(leader);
  const standby = leads
    ? undefined
    : html`This replica stands by: releases, phases and figures are current, live plots and events are with the leader${
        pod === undefined ? ', which is not known at the moment' : html`, pod <code>${pod}</code>`
      }.`;
  const { script, style, icon } = assets;
  const chrome = { script: script.path, style: style.path, icon: icon.path, version, standby };
  return cached(context, documentOf(page, chrome).text, 'text/html; charset=utf-8');
}

function dataAt(context: Context, data: PlotData | undefined): Response {
  if (data === undefined) return context.json({ error: 'nothing is measured' }, 404);
  return cached(context, JSON.stringify(data), 'application/json; charset=utf-8');
}

/** With its digest, so that what did not change is not sent again. */
function cached(context: Context, body: string, contentType: string): Response {
  const etag = `"${digest(body)}"`;
  const headers = { etag, 'cache-control': 'no-cache', 'content-type': contentType };
  if (context.req.header('if-none-match') === etag) return context.body(null, 304, headers);
  return context.body(body, 200, headers);
}

function notFound(context: Context, { version, assets }: DashboardOptions): Response {
  const depth = Math.max(0, context.req.path.split('/').length - 2);
  const root = '../'.repeat(depth);
  const main = html`<h1>Not here</h1><p class="empty">There is no such page or release. It may have been deleted. <a href="${root}./">All releases</a></p>`;
  const page: Page = {
    title: 'Not here · Tandem',
    root,
    announce: '',
    main,
    regions: new Map(),
    frame: '',
    live: undefined,
  };
  const { script, style, icon } = assets;
  const chrome = { script: script.path, style: style.path, icon: icon.path, version, standby: undefined };
  return context.html(documentOf(page, chrome).text, 404);
}

function follow(context: Context, hub: Hub, path: string): Response {
  if (context.req.method === 'HEAD') return context.body(null, 200, { 'content-type': 'text/event-stream' });
  const viewer = hub.join(path, context.req.query('frame') ?? '');
  if (viewer === undefined)
    return context.text('too many look already: the page is as of its load\n', 503, { 'retry-after': '60' });
  context.header('x-accel-buffering', 'no');
  context.header('cache-control', 'no-cache, no-transform');
  return streamSSE(context, async (stream) => {
    stream.onAbort(() => viewer.leave());
    try {
      await stream.write('retry: 3000\n\n');
      await tell(viewer, stream);
    } finally {
      viewer.leave();
    }
  });
}

type Stream = Parameters<Parameters<typeof streamSSE>[1]>[0];

/** Until the viewer or the page is gone. A slow reader is told less often, and the newest then. */
async function tell(viewer: Viewer, stream: Stream): Promise<void> {
  while (!stream.aborted && !stream.closed) {
    const update = await viewer.next(heartbeatMilliseconds);
    // A browser whose connection ends asks again by itself.
    if (stream.aborted || update === 'closed') return;
    if (update === 'quiet') await stream.write(': still here\n\n');
    else if (update === 'gone') return stream.writeSSE({ event: 'gone', data: '{}' });
    else await stream.writeSSE({ event: 'update', data: JSON.stringify(update) });
  }
}
