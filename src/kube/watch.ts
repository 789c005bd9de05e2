import type { Clock } from '../lib/clock.ts';
import type { WatchEvent, WatchOptions } from './api.ts';
import { ApiError } from './errors.ts';
import type { KubeObject, Resource } from './object.ts';
import { watchPath } from './paths.ts';
import { type Call, describeCall, type Sender } from './sender.ts';
import { errorFromConnection } from './status-error.ts';
import { watchEvents } from './watch-stream.ts';

/** The chunks of a body; `wait` is told before each wait for one and after it. */
async function* watched(body: AsyncIterable<Uint8Array>, wait: (waiting: boolean) => void): AsyncGenerator<Uint8Array> {
  wait(true);
  for await (const chunk of body) {
    wait(false);
    yield chunk;
    wait(true);
  }
}

/** One watch: see KubeApi.watch. Leaving the loop over it ends the request. */
export async function* watchOnce<T extends KubeObject>(
  sender: Sender,
  clock: Clock,
  resource: Resource,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  if (options.signal?.aborted) return;
  const call: Call = { method: 'GET', path: watchPath(resource, options), idempotent: true };
  const request = describeCall(call);
  const controller = new AbortController();
  const stop = (): void => controller.abort(new ApiError(0, 'Aborted', `${request}: the watch was stopped`));
  options.signal?.addEventListener('abort', stop, { once: true });
  let cancel = (): void => undefined;
  const limitSilence = (ms: number | undefined, reason: string): void => {
    cancel();
    if (ms === undefined) return;
    cancel = clock.after(ms, () => {
      controller.abort(new ApiError(0, reason, `${request}: the watch was silent for ${ms / 1000} s`));
    });
  };
  try {
    limitSilence(sender.timeoutMs, 'RequestTimeout');
    const { body } = await sender.begin(call, controller.signal);
    const chunks = watched(body as AsyncIterable<Uint8Array>, (waiting) =>
      limitSilence(waiting ? options.idleTimeoutMs : undefined, 'IdleTimeout'),
    );
    yield* watchEvents<T>(chunks, request);
  } catch (error) {
    if (!options.signal?.aborted) throw errorFromConnection(error, request);
  } finally {
    cancel();
    options.signal?.removeEventListener('abort', stop);
    stop();
  }
}
