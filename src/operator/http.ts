import { createServer, type RequestListener } from 'node:http';
import { listenAt, type RunningServer } from '../lib/listen.ts';

/** Answers one path; undefined is 404. */
export type Route = () => Promise<Answer> | Answer;

export interface Answer {
  status: number;
  body: string;
  contentType?: string;
}

/** Serves GET and HEAD of the given paths on an address as `listenAt` takes it. Rejects when it cannot listen. */
export function serve(address: string, routes: Record<string, Route>): Promise<RunningServer> {
  return listenAt(address, createServer(listener(routes)));
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
