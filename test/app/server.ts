import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as NetServer } from 'node:net';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { planRequest, routes, warmupDelay } from './behaviour.ts';
import { oddMetrics, strictTls } from './odd-metrics.ts';
import { readSettings, type Settings } from './settings.ts';

interface App {
  settings: Settings;
  registry: Registry;
  durations: Histogram;
  draining: boolean;
  leaked: Buffer[];
}

function createApp(settings: Settings): App {
  const registry = new Registry();
  if (settings.processMetrics) collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests.',
    labelNames: ['method', 'route', 'status_code', 'error_type'],
    registers: [registry],
  });
  return { settings, registry, durations, draining: false, leaked: [] };
}

/** Filled, because a page that was never written to uses no memory. */
function leak(app: App, bytes: number): void {
  if (bytes > 0) app.leaked.push(Buffer.alloc(Math.round(bytes), 1));
}

function burn(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) Math.sqrt(end);
}

function answer(app: App, response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-version': app.settings.version,
    'x-pod': app.settings.pod,
    ...(app.draining ? { connection: 'close' } : {}),
  });
  response.end(body);
}

function serveRoute(app: App, request: IncomingMessage, response: ServerResponse, route: string): void {
  const { settings } = app;
  const begin = performance.now();
  const plan = planRequest(settings, route, routes[route] ?? 0, Math.random);
  burn(settings.cpuMs);
  leak(app, settings.leakBytesPerRequest);
  setTimeout(
    () => {
      const status = plan.error?.status ?? 200;
      answer(app, response, status, plan.error ? `${plan.error.type}\n` : 'ok\n');
      const labels = { method: request.method ?? 'GET', route, status_code: String(status) };
      const seconds = (performance.now() - begin) / 1000;
      app.durations.observe(plan.error ? { ...labels, error_type: plan.error.type } : labels, seconds);
    },
    Math.max(0, plan.delayMs + warmupDelay(settings, process.uptime()) - settings.cpuMs),
  );
}

async function serveMetrics(app: App, response: ServerResponse): Promise<void> {
  const body = await app.registry.metrics();
  response.writeHead(200, { 'content-type': app.registry.contentType });
  response.end(body);
}

/** Switches of this one process, as a neighbour on its node would change it: `/behave?LEAK_BYTES_AT_START=1000000`. */
function behave(app: App, request: IncomingMessage, response: ServerResponse): void {
  const changes = Object.fromEntries(new URL(request.url ?? '/', 'http://shop').searchParams);
  const before = app.settings.leakBytesAtStart;
  app.settings = readSettings({ ...process.env, ...changes });
  leak(app, app.settings.leakBytesAtStart - before);
  answer(app, response, 200, 'changed\n');
}

function serve(app: App, request: IncomingMessage, response: ServerResponse): void {
  const path = new URL(request.url ?? '/', 'http://shop').pathname;
  if (path in routes) return serveRoute(app, request, response, path);
  if (path === '/metrics') {
    const odd = oddMetrics(app.settings, request);
    return odd === undefined ? void serveMetrics(app, response) : odd(request, response);
  }
  if (path === '/behave') return behave(app, request, response);
  if (path !== '/healthz') return answer(app, response, 404, 'not found\n');
  const ready = !app.draining && !app.settings.neverReady;
  answer(app, response, ready ? 200 : 503, ready ? 'ok\n' : 'not ready\n');
}

/** Not ready at once, serves on until the endpoints have forgotten this pod, then finishes what is under way. */
function drain(app: App, server: Server, front: NetServer): void {
  if (app.draining) return;
  app.draining = true;
  console.log('SIGTERM: draining');
  setTimeout(() => {
    front.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 2500);
  }, app.settings.drainS * 1000);
}

function main(): void {
  const settings = readSettings(process.env);
  const app = createApp(settings);
  // Longer than any pause of a client that keeps its connections.
  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => serve(app, request, response));
  server.maxRequestsPerSocket = settings.keepaliveRequests;
  const front = strictTls(settings, server) ?? server;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => drain(app, server, front));
  if (settings.crashAfterS !== undefined) {
    setTimeout(() => {
      console.error(`fatal: cannot reach the database (CRASH_AFTER_S=${settings.crashAfterS})`);
      process.exit(1);
    }, settings.crashAfterS * 1000);
  }
  leak(app, settings.leakBytesAtStart);
  setInterval(() => leak(app, settings.leakBytesPerSecond), 1000);
  setTimeout(() => {
    const { host, port, version } = settings;
    front.listen({ port, ...(host === undefined ? {} : { host }) }, () =>
      console.log(`shop ${version} listens on ${port}`),
    );
  }, settings.startDelayS * 1000);
}

main();
