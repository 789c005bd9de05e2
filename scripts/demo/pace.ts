/** Seconds over which the rate is measured, and between two complaints. */
const windowMs = 15_000;
const silentMs = 60_000;
/** Below this part of its rate the load says less than it should. */
const enough = 0.7;

/**
 * Watches whether this machine keeps up with the load. Called now and then with all requests so far; answers with a
 * sentence for people when it does not, once a minute at most.
 */
export function createPace(rate: number, now: () => number): (requests: number) => string | undefined {
  let from = { at: now(), requests: 0 };
  let saidAt = Number.NEGATIVE_INFINITY;
  return (requests) => {
    const at = now();
    const passed = at - from.at;
    if (passed < windowMs) return undefined;
    const real = ((requests - from.requests) * 1000) / passed;
    from = { at, requests };
    if (real >= enough * rate || at - saidAt < silentMs) return undefined;
    saidAt = at;
    return `this machine is busy: it answers ${Math.round(real)} of ${rate} requests a second, so verdicts take longer`;
  };
}
