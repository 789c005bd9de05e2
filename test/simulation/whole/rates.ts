import type { Chance } from './chance.ts';

/** How often each fault strikes, per chance it has: a call, an event of a watch, a query, a scrape of a pod. */
export interface Rates {
  /** Calls that fail before they take effect. */
  error500: number;
  conflict409: number;
  tooMany429: number;
  broken: number;
  /** Writes that take effect, and that are answered as if they had failed. */
  error500After: number;
  conflict409After: number;
  tooMany429After: number;
  /** Calls that take effect, and whose answer is lost. */
  answerLost: number;
  /** Calls without an answer within the client's time; some take effect, some of them after that time. */
  timeout: number;
  /** The process dies just before the call, or just after it took effect. */
  killedBefore: number;
  killedAfter: number;
  /** Calls that take seconds. */
  slowCall: number;
  watchDelayed: number;
  watchDoubled: number;
  watchGone: number;
  watchHalfOpen: number;
  /** A connection falls behind, by minutes as it strikes again, and stays open: nothing says so. */
  watchBehind: number;
  /** The Deployment and ReplicaSet controllers hear late of a change and act on what they know; pods are told of late. */
  controllersBehind: number;
  nodeBehind: number;
  querySlow: number;
  queryFails: number;
  queryEmpty: number;
  scrapeMissed: number;
  sampleLate: number;
  counterReset: number;
  /** A receiver of notifications refuses, asks for patience, never answers, heard it and does not say so, takes seconds. */
  notifyFails: number;
  notify429: number;
  notifyHangs: number;
  notifyAnswerLost: number;
  notifySlow: number;
}

const most: Rates = {
  error500: 0.1,
  conflict409: 0.1,
  tooMany429: 0.1,
  broken: 0.1,
  error500After: 0.05,
  conflict409After: 0.05,
  tooMany429After: 0.05,
  answerLost: 0.1,
  timeout: 0.03,
  killedBefore: 0.01,
  killedAfter: 0.02,
  slowCall: 0.1,
  watchDelayed: 0.2,
  watchDoubled: 0.3,
  watchGone: 0.05,
  watchHalfOpen: 0.03,
  watchBehind: 0.02,
  controllersBehind: 0.05,
  nodeBehind: 0.1,
  querySlow: 0.1,
  queryFails: 0.2,
  queryEmpty: 0.1,
  scrapeMissed: 0.2,
  sampleLate: 0.2,
  counterReset: 0.01,
  notifyFails: 0.3,
  notify429: 0.2,
  notifyHangs: 0.2,
  notifyAnswerLost: 0.2,
  notifySlow: 0.3,
};

export const noFaults: Rates = Object.fromEntries(Object.keys(most).map((kind) => [kind, 0])) as unknown as Rates;

/** Everything at once, as thick as it ever is. */
export const harshRates: Rates = most;

/** Most histories have a few kinds of faults, some rare and some thick. */
export function drawRates(chance: Chance): Rates {
  const share = chance.pick([0, 0.2, 0.4, 0.8]);
  const drawn = Object.entries(most).map(([kind, rate]) => {
    const amount = chance.pick([0.05, 0.3, 1]);
    return [kind, chance.happens(share) ? rate * amount : 0];
  });
  return Object.fromEntries(drawn) as unknown as Rates;
}
