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
  lines(): readonly LogLine[];
  readonly ended: boolean;
  /** Hears of each later line, and with undefined of the end. Returns how to stop. */
  follow(listener: (line: LogLine | undefined) => void): () => void;
}

/** Knows what the containers of pods wrote: a node. */
export interface PodLogs {
  /** Undefined when nothing is known. `previous`: before the last restart. */
  log(namespace: string, pod: string, options: { container: string; previous: boolean }): ContainerLog | undefined;
}

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

/** The lines from now on, until the container ends or `signal` aborts. */
async function* later(log: ContainerLog, signal: AbortSignal): AsyncGenerator<LogLine> {
  const queue: LogLine[] = [];
  let over = log.ended;
  let wake = (): void => undefined;
  const end = (): void => {
    over = true;
    wake();
  };
  const stop = log.follow((line) => {
    if (line === undefined) return end();
    queue.push(line);
    wake();
  });
  signal.addEventListener('abort', end, { once: true });
  try {
    for (;;) {
      yield* queue.splice(0);
      if (over || signal.aborted) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
    signal.removeEventListener('abort', end);
  }
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
  const recent = log.lines().filter(({ at }) => at >= since);
  const past = tail === undefined ? recent : recent.slice(Math.max(0, recent.length - tail));
  if (!flag(query, 'follow')) return yield* past.map(format);
  const coming = later(log, signal);
  // The first step begins to listen: no line is lost while the past is sent.
  const first = coming.next();
  yield* past.map(format);
  for (let next = await first; next.done !== true; next = await coming.next()) yield format(next.value);
}

/** Answers `pods/NAME/log`. Throws 501 where the sandbox's pods write no logs. */
export function serveLog(logs: PodLogs | undefined, pod: Pod, request: HttpRequest, now: number): Answer {
  const { query } = request;
  if (logs === undefined) throw notImplemented('logs: the pods here are models, which write nothing');
  if (query.has('limitBytes')) throw notImplemented('limitBytes of logs');
  const container = containerOf(pod, query.get('container'));
  const previous = flag(query, 'previous');
  const log = logs.log(pod.metadata.namespace ?? '', pod.metadata.name, { container, previous });
  if (log === undefined) {
    const which = previous ? `previous terminated container "${container}"` : `container "${container}"`;
    throw new ApiError(400, 'BadRequest', `${which} in pod "${pod.metadata.name}" has no log`);
  }
  const stream = write(log, query, sinceOf(query, now), request.signal);
  return { status: 200, stream, contentType: 'text/plain' };
}
