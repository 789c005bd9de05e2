import type { WatchEvent } from './api.ts';
import { ApiError } from './errors.ts';
import type { KubeObject } from './object.ts';
import { errorFromWatchEvent } from './status-error.ts';

function parseEvent<T extends KubeObject>(line: string, request: string): WatchEvent<T> {
  let event: { type?: unknown; object?: unknown };
  try {
    event = JSON.parse(line) as typeof event;
  } catch (cause) {
    throw new ApiError(0, 'MalformedEvent', `${request}: a line of the watch is no JSON: ${line.slice(0, 100)}`, {
      cause,
    });
  }
  const { type, object } = event;
  if (type === 'ERROR') throw errorFromWatchEvent(object, request);
  const known = type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK';
  if (!known || typeof object !== 'object' || object === null) {
    throw new ApiError(0, 'MalformedEvent', `${request}: the watch sent an event of type ${JSON.stringify(type)}`);
  }
  return { type, object: object as T };
}

/**
 * The events of a watch's body, one JSON object a line. Throws ApiError at an ERROR event, at a line that is no event
 * and when the body ends within a line.
 */
export async function* watchEvents<T extends KubeObject>(
  chunks: AsyncIterable<Uint8Array>,
  request: string,
): AsyncGenerator<WatchEvent<T>> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parseEvent<T>(line, request);
  }
  if (rest.trim() !== '') throw new ApiError(0, 'TruncatedStream', `${request}: the watch ended within an event`);
}
