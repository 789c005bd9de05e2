import { natures } from '../whole/application.ts';
import type { Plan } from '../whole/plan.ts';
import { noFaults } from '../whole/rates.ts';
import type { Step } from '../whole/steps.ts';

/** Short histories, each with what a certain fault of the operator needs to be seen. */

function nature(name: string): number {
  return natures.findIndex((one) => one.name === name);
}

const analysis = { minDuration: '1m', warmup: '10s', deadline: '3m' };
const canary = { startDeadline: '1m' };

interface Part extends Partial<Plan> {
  spec?: Record<string, unknown>;
  load?: number;
}

function history(steps: [seconds: number, what: Step['what'], value?: number | string][], part: Part = {}): Plan {
  const { spec = {}, load = 40, ...rest } = part;
  return {
    seed: 1,
    operators: 1,
    targets: [{ name: 'shop', replicas: 3, load, spec: { analysis, canary, ...spec } }],
    versions: { v1: nature('good'), v2: nature('good'), v3: nature('errors'), v4: nature('good') },
    rates: noFaults,
    scrapeSeconds: 5,
    clocks: [
      { rate: 1, offsetMs: 0 },
      { rate: 1, offsetMs: 0 },
    ],
    steps: steps.map(([seconds, what, value]) => ({
      at: seconds * 1000,
      what,
      target: 0,
      ...(value === undefined ? {} : { value }),
    })),
    disturbedMinutes: 6,
    calmMinutes: 8,
    ...rest,
  };
}

export const promotion = history([
  [5, 'another version', 'v2'],
  [30, 'promote'],
]);
export const rejection = history([
  [5, 'another version', 'v3'],
  [200, 'restart'],
]);
export const revert = history([
  [5, 'another version', 'v2'],
  [30, 'another version', 'v1'],
]);
export const noTraffic = history([[5, 'another version', 'v2']], {
  load: 0,
  spec: { analysis: { ...analysis, onUndecided: 'Promote' } },
  disturbedMinutes: 9,
});
export const longSoak = history([[5, 'another version', 'v2']], {
  spec: { analysis: { ...analysis, minDuration: '20m', deadline: '25m' } },
  load: 120,
  calmMinutes: 26,
});
export const twoReplicas = history(
  [
    [5, 'another version', 'v2'],
    [20, 'operator paused', 40],
    [30, 'another version', 'v4'],
    [70, 'another version', 'v2'],
  ],
  { operators: 2 },
);
export const sourceDown = history(
  [
    [5, 'another version', 'v2'],
    [20, 'source down', 320],
  ],
  { spec: { analysis: { ...analysis, onUndecided: 'Rollback' } } },
);
export const midRollout = history(
  [
    [5, 'another version', 'v2'],
    [30, 'promote'],
    [34, 'another version', 'v4'],
    [34.3, 'another version', 'v4'],
  ],
  { versions: { v1: nature('good'), v2: nature('slow to start'), v3: nature('errors'), v4: nature('good') } },
);
export const leaving = history([
  [5, 'another version', 'v2'],
  [30, 'release deleted'],
]);
export const quarantine = history(
  [
    [5, 'another version', 'v3'],
    [40, 'abort'],
  ],
  {
    spec: { canary: { ...canary, quarantine: '2m' } },
  },
);
export const foreignSource = history([
  [2, 'foreign source named', 'restricted'],
  [5, 'another version', 'v2'],
]);
/** Promoted while nobody listens, by a process that dies with what it has to say. */
export const deaf = history([
  [5, 'another version', 'v2'],
  [10, 'receiver down', 200],
  [30, 'promote'],
  [120, 'operator killed', 0],
]);
/** Promoted; then another process takes over. */
export const retold = history([
  [5, 'another version', 'v2'],
  [30, 'promote'],
  [120, 'operator killed', 0],
]);
/** Writes take effect and nobody hears of it. */
export const unanswered = history(
  [
    [5, 'another version', 'v2'],
    [30, 'promote'],
    [120, 'another version', 'v3'],
    [150, 'abort'],
    [200, 'another version', 'v4'],
    [230, 'promote'],
  ],
  { rates: { ...noFaults, answerLost: 0.1 } },
);
/** Rejected, taken back, and there again while nothing serves. */
export const rejectedAtZero = history([
  [5, 'another version', 'v3'],
  [40, 'abort'],
  [80, 'another version', 'v1'],
  [120, 'scale', 0],
  [150, 'another version', 'v3'],
  [200, 'scale', 3],
]);
/** A version that nobody approved has a ReplicaSet; it comes again, and pods with it, while no operator runs. */
export const fromZero = history([
  [5, 'gate opened'],
  [10, 'another version', 'v2'],
  [60, 'another version', 'v1'],
  [100, 'gate closed'],
  [130, 'scale', 0],
  [190, 'operator killed', 0],
  [190, 'another version', 'v2'],
  [190.1, 'scale', 3],
]);
/** Much is put off. */
export const putOff = history(
  [
    [5, 'another version', 'v2'],
    [60, 'another version', 'v1'],
  ],
  { rates: { ...noFaults, tooMany429: 0.5 } },
);
/** A Deployment of the canary's name is a person's. */
export const foreignCanary = history([
  [5, 'foreign canary created'],
  [10, 'another version', 'v3'],
  [120, 'another version', 'v1'],
]);
/** Connections die and nobody says so. */
export const halfOpen = history(
  [
    [5, 'another version', 'v2'],
    [60, 'another version', 'v1'],
    [100, 'another version', 'v2'],
    [150, 'another version', 'v1'],
    [250, 'another version', 'v2'],
  ],
  { rates: { ...noFaults, watchHalfOpen: 0.3 } },
);
/** Processes die right after what they wrote. */
export const killed = history(
  [
    [5, 'another version', 'v2'],
    [60, 'promote'],
    [150, 'another version', 'v3'],
  ],
  { rates: { ...noFaults, killedAfter: 0.3 } },
);
/** Watches are connected and minutes behind. */
export const behind = history(
  [
    [5, 'another version', 'v2'],
    [40, 'promote'],
    [43, 'another version', 'v4'],
    [60, 'another version', 'v2'],
    [90, 'another version', 'v4'],
    [130, 'another version', 'v1'],
    [180, 'another version', 'v3'],
  ],
  {
    versions: { v1: nature('good'), v2: nature('slow to start'), v3: nature('errors'), v4: nature('good') },
    rates: { ...noFaults, watchBehind: 0.5, watchDelayed: 0.5 },
    calmMinutes: 16,
  },
);
/** Controllers and kubelet act and tell late, while versions follow one another. */
export const lateControllers = history(
  [
    [5, 'another version', 'v2'],
    [30, 'promote'],
    [34, 'another version', 'v4'],
    [60, 'another version', 'v2'],
    [120, 'another version', 'v1'],
  ],
  {
    versions: { v1: nature('good'), v2: nature('slow to start'), v3: nature('errors'), v4: nature('good') },
    rates: { ...noFaults, controllersBehind: 0.4, nodeBehind: 0.4 },
  },
);
export const gone = history(
  [
    [5, 'another version', 'v2'],
    [60, 'another version', 'v1'],
    [200, 'another version', 'v2'],
  ],
  { rates: { ...noFaults, watchGone: 0.5 } },
);
