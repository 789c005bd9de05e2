import type { CanaryReleaseStatus } from '../../../src/api/schema.ts';
import { imageOf, type Scenario } from '../scenarios.ts';
import { type View, viewOf } from '../view.ts';

/** A release in the middle of its comparison, or at its end. */
export function demoView(scenario: Scenario, phase: string, end?: { outcome: string; reason: string }): View {
  const images = [`shop=${imageOf(scenario.tag)}`];
  const entry = {
    revision: 'c41b2ce1bb',
    images,
    generation: 2,
    verdict: 'Regression',
    outcome: end?.outcome,
    by: '',
    reason: end?.reason,
    sentence: 'p95 is worse',
    started: '2026-01-01T00:00:00Z',
    ended: '2026-01-01T00:01:00Z',
  };
  const status = {
    observedGeneration: 1,
    phase,
    message: 'as it stands',
    stable: { revision: '0c6518c46c', images: ['shop=demo.tandem.dev/shop:v1'], replicas: 3, ready: 3 },
    ...(end === undefined ? { canary: { revision: 'c41b2ce1bb', images, replicas: 1, ready: 1, share: '25%' } } : {}),
    analysis: {
      verdict: 'Undecided',
      sentence: 'p95 may be worse',
      requests: { stable: 1200, canary: 400 },
      metrics: [
        {
          name: 'errors',
          unit: 'ratio',
          stable: '0',
          canary: '0',
          difference: '',
          limit: '+25%',
          evidence: 0,
          verdict: 'Undecided',
        },
        {
          name: 'latency-p95',
          unit: 's',
          stable: '0.052',
          canary: '0.171',
          difference: '+229%',
          interval: ['+120%', '+310%'],
          limit: '+20%',
          evidence: 64,
          verdict: 'Undecided',
        },
      ],
    },
    ledger: end === undefined ? [] : [entry],
  } as CanaryReleaseStatus;
  const counts = { requests: 1600, errors: 0, lost: 2, byVersion: new Map([[scenario.tag, 412]]) };
  return { ...viewOf(scenario, status, counts), decidedAfter: end === undefined ? undefined : 42 };
}
