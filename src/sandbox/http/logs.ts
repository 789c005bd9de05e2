import { ApiError } from '../../kube/errors.ts';
import type { Pod } from '../../kube/object.ts';
import { badRequest, notImplemented } from '../server/failures.ts';
import type { Answer } from './answer.ts';
import { flag, type HttpRequest, numeric } from './request.ts';

/** A line that a container wrote. */
export interface LogLine {
  /** Milliseconds since the epoch. */
  at: number;
  text: string;
}

/** What a container wrote. */
export interface ContainerLog {
  /** Oldest first. */
  past: LogLine[];
  /** The lines to come, until the container ends or `signal` aborts. */
  follow(signal: AbortSignal): AsyncIterable<LogLine>;
}

/** Finds what a container of a pod wrote (`previous`: before its last restart), undefined when nothing is known. */
export type PodLogs = (pod: Pod, container: string, previous: boolean) => ContainerLog | undefined;

function containerOf(pod: Pod, asked: string | null): string {
  const names = pod.spec.containers.map(({ name }) => name);
  const [only] = names;
  const where = `pod ${pod.metadata.name}`;
  if (asked !== null && asked !== '') {
    if (names.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for ${where}`);
  }
  if (names.length === 1 && only !== undefined) return only;
  throw badRequest(`a container name must be specified for ${where}, choose one of: [${names.join(' ')}]`);
}

function sinceOf(query: URLSearchParams, now: number): number {
  const seconds = numeric(query, 'sinceSeconds');
  if (seconds !== undefined) return now - seconds * 1000;
  const time = query.get('sinceTime');
  return time === null ? 0 : Date.parse(time);
}

async function* write(
  log: ContainerLog,
  query: URLSearchParams,
  since: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const stamped = flag(query, 'timestamps');
  const format = ({ at, text }: LogLine): string => `${stamped ? `${new Date(at).toISOString()} ` : ''}${text}\n`;
  const tail = numeric(query, 'tailLines');
  const recent = log.past.filter(({ at }) => at >= since);
  for (const line of tail === undefined ? recent : recent.slice(Math.max(0, recent.length - tail))) yield format(line);
  if (!flag(query, 'follow')) return;
  for await (const line of log.follow(signal)) yield format(line);
}

/** Answers `pods/NAME/log`. Throws 501 where the sandbox's pods write no logs. */
export function serveLog(logs: PodLogs | undefined, pod: Pod, request: HttpRequest, now: number): Answer {
  const { query } = request;
  if (logs === undefined) throw notImplemented('logs: the pods here are models, which write nothing');
  if (query.has('limitBytes')) throw notImplemented('limitBytes of logs');
  const container = containerOf(pod, query.get('container'));
  const previous = flag(query, 'previous');
  const log = logs(pod, container, previous);
  if (log === undefined) {
    const which = previous ? `previous terminated container "${container}"` : `container "${container}"`;
    throw new ApiError(400, 'BadRequest', `${which} in pod "${pod.metadata.name}" has no log`);
  }
  const stream = write(log, query, sinceOf(query, now), request.signal);
  return { status: 200, stream, contentType: 'text/plain' };
}
