import { createServer, type RequestListener, type Server } from 'node:http';

/** Answers one path; undefined is 404. */
export type Route = () => Promise<Answer> | Answer;

export interface Answer {
  status: number;
  body: string;
  contentType?: string;
}

export interface RunningServer {
  /** Port it listens on. */
  port: number;
  close(): Promise<void>;
}

/** Serves GET and HEAD of the given paths. `address` is `HOST:PORT` or `:PORT`. Rejects when it cannot listen. */
export async function serve(address: string, routes: Record<string, Route>): Promise<RunningServer> {
  return listenAt(address, createServer(listener(routes)));
}

/** `address` is `HOST:PORT` or `:PORT`. Rejects when the server cannot listen there. */
export async function listenAt(address: string, server: Server): Promise<RunningServer> {
  const cut = address.lastIndexOf(':');
  const host = address.slice(0, cut).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(cut + 1));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === '' ? {} : { host }) }, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    close: () => closeServer(server),
  };
}

function listener(routes: Record<string, Route>): RequestListener {
  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const route = request.method === 'GET' || request.method === 'HEAD' ? routes[path] : undefined;
    const answered =
      route === undefined ? Promise.resolve({ status: 404, body: 'not found\n' }) : Promise.resolve().then(route);
    answered
      .catch((error: unknown) => ({ status: 500, body: `${error instanceof Error ? error.message : String(error)}\n` }))
      .then((answer: Answer) => {
        response.writeHead(answer.status, { 'content-type': answer.contentType ?? 'text/plain; charset=utf-8' });
        response.end(request.method === 'HEAD' ? undefined : answer.body);
      })
      .catch(() => response.destroy());
  };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
