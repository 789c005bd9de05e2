import { describe, expect, it } from 'vitest';
import { aborted, unlessAborted } from './abort.ts';

describe('unlessAborted', () => {
  it('is the outcome of the promise while nothing aborts', async () => {
    const { signal } = new AbortController();

    expect(await unlessAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(unlessAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
  });

  it('rejects with the reason when the signal aborts first, or has before', async () => {
    const abort = new AbortController();
    const waiting = unlessAborted(new Promise(() => undefined), abort.signal);

    abort.abort(new Error('enough'));

    await expect(waiting).rejects.toThrow('enough');
    await expect(unlessAborted(Promise.resolve(1), abort.signal)).rejects.toThrow('enough');
    await expect(unlessAborted(Promise.reject(new Error('unheard')), abort.signal)).rejects.toThrow('enough');
  });
});

it('aborted resolves when the signal aborts, and where it has', async () => {
  const controller = new AbortController();
  let isOver = false;
  const waiting = aborted(controller.signal).then(() => (isOver = true));
  await Promise.resolve();
  expect(isOver).toBe(false);

  controller.abort();
  await waiting;
  await aborted(controller.signal);
});
