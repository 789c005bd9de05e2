import type { ReleaseRecord } from '../record.ts';

/** A regression that was taken back. */
export function aRecord(change: Partial<ReleaseRecord>): ReleaseRecord {
  return {
    version: 1,
    namespace: 'shop',
    release: 'checkout',
    target: 'checkout',
    revision: '0123456789abcdef0123456789abcdef',
    images: ['app=registry.example/checkout:1.42.0'],
    stable: { revision: 'fedcba9876543210fedcba9876543210', images: ['app=registry.example/checkout:1.41.0'] },
    started: '2026-11-21T10:00:00.000Z',
    decided: '2026-11-21T10:10:00.000Z',
    ended: '2026-11-21T10:10:00.000Z',
    outcome: 'RolledBack',
    verdict: 'Regression',
    reason: 'latency-p95',
    sentence: 'latency-p95 of the canary is 0.2 s against 0.08 s of stable',
    by: '',
    phases: [
      { phase: 'Starting', at: '2026-11-21T10:00:00Z' },
      { phase: 'Analyzing', at: '2026-11-21T10:00:20Z' },
      { phase: 'RollingBack', at: '2026-11-21T10:10:00Z' },
    ],
    events: [
      {
        at: '2026-11-21T10:00:00Z',
        type: 'Normal',
        reason: 'CanaryStarted',
        note: '0123456789 starts with 1 pods beside 3 of stable',
      },
    ],
    queries: { requests: 'http_requests_total' },
    environment: { tandem: '0.1.0', pods: { stable: 3, canary: 1 }, share: '25%', scrapeSeconds: 15 },
    lacks: [],
    ...change,
  };
}
