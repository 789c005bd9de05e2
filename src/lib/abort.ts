/** The reason of an aborted signal as an Error. */
function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}

/** The outcome of `promise`, or the signal's reason as soon as it aborts; the promise itself runs on unheard. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(reasonOf(signal));
    const finish = (): void => signal.removeEventListener('abort', fail);
    promise.then(resolve, reject).finally(finish);
    if (signal.aborted) return fail();
    signal.addEventListener('abort', fail, { once: true });
  });
}

/** Resolves when the signal aborts, at once where it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
