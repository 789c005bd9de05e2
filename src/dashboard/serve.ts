import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { listenAt, type RunningServer } from '../lib/listen.ts';
import { createDashboard, type DashboardOptions } from './app.ts';

/** Connections at once, those of live updates included. */
const mostConnections = 1000;

/** Serves the dashboard at `HOST:PORT` or `:PORT`. Rejects when it cannot listen. */
export async function serveDashboard(address: string, options: DashboardOptions): Promise<RunningServer> {
  const dashboard = createDashboard(options);
  const listener = getRequestListener(dashboard.app.fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response));
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  server.maxConnections = mostConnections;
  const running = await listenAt(address, server);
  return {
    port: running.port,
    close: () => {
      dashboard.close();
      return running.close();
    },
  };
}
