import { type LoadMode, type SecondLine, Tally } from './record.ts';
import { createSender } from './sender.ts';

export interface Load {
  target: URL;
  /** Requests a second. */
  rate: number;
  mode: LoadMode;
  /** How long it sends. */
  seconds: number;
  /** Asked in turn. */
  paths: string[];
}

export const maxRate = 1000;
export const maxSeconds = 7200;

/**
 * Sends at a fixed rate, whether or not earlier requests were answered (an open loop), and gives a line every second.
 * Ends after `seconds`, or when `signal` aborts, once every answer is in.
 */
export async function generate(load: Load, onLine: (line: SecondLine) => void, signal: AbortSignal): Promise<void> {
  const tally = new Tally();
  const send = createSender(load.target, load.mode, () => tally.retry());
  const intervalMs = 1000 / load.rate;
  const count = Math.floor(load.rate * load.seconds);
  const begin = performance.now();
  let sent = 0;
  let open = 0;
  let second = 0;
  const isDone = (): boolean => (sent >= count || signal.aborted) && open === 0;
  while (!isDone()) {
    const now = performance.now() - begin;
    if (now >= (second + 1) * 1000) onLine(tally.take(second++));
    for (; sent < count && !signal.aborted && sent * intervalMs <= now; sent += 1) {
      tally.sent(now - sent * intervalMs);
      open += 1;
      send(load.paths[sent % load.paths.length] ?? '/', (outcome) => {
        tally.ended(outcome);
        open -= 1;
      });
    }
    const untilNext = sent < count && !signal.aborted ? sent * intervalMs - now : 20;
    await sleep(Math.max(1, Math.min(untilNext, 100)));
  }
  onLine(tally.take(second));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
