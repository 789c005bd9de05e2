import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WatchedPod } from '../../request.ts';

/** A pod over HTTP on the loopback. `answer` may be changed at any time. */
export interface PodServer {
  port: number;
  requests: IncomingMessage[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** As the API server would tell of it. */
  pod(name: string, startedAt: number, annotations?: Record<string, string>): WatchedPod;
  close(): Promise<void>;
}

export async function startPodServer(answer: PodServer['answer']): Promise<PodServer> {
  const self = { answer, requests: [] as IncomingMessage[] };
  const server = createServer((request, response) => {
    self.requests.push(request);
    self.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(self, {
    port,
    pod: (name: string, startedAt: number, annotations: Record<string, string> = {}) => ({
      name,
      startedAt,
      endpoint: { ip: '127.0.0.1', hostNetwork: false, ready: true, ports: [{ name: 'metrics', port }], annotations },
    }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

/** Answers with an exposition of the text format. */
export function text(body: () => string): PodServer['answer'] {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body());
  };
}

/** What a prom-client application exports after so many requests, one of ten slow. */
export function exposition(requests: number, errors = 0, more = ''): string {
  const fast = Math.ceil(requests * 0.9);
  const series = (status: string, upTo: number, all: number): string =>
    [
      `http_request_duration_seconds_bucket{le="0.1",route="/buy",status_code="${status}"} ${upTo}`,
      `http_request_duration_seconds_bucket{le="1",route="/buy",status_code="${status}"} ${all}`,
      `http_request_duration_seconds_bucket{le="+Inf",route="/buy",status_code="${status}"} ${all}`,
      `http_request_duration_seconds_count{route="/buy",status_code="${status}"} ${all}\n`,
    ].join('\n');
  return `# TYPE http_request_duration_seconds histogram\n${series('200', fast, requests)}${errors > 0 ? series('500', errors, errors) : ''}${more}`;
}
