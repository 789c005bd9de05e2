import type { Deployment } from '../../kube/object.ts';
import { revisionOf } from '../../release/revision.ts';
import type { LedgerLine, Release, ReleaseStatus } from '../release.ts';

export const now = Date.parse('2026-11-20T10:03:00Z');

export function target(image = 'shop/checkout:1.42.0', fields: Partial<Deployment['metadata']> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'checkout',
      namespace: 'shop',
      uid: 'target-uid',
      generation: 17,
      labels: { 'tandem.dev/gate': 'holding' },
      ...fields,
    },
    spec: {
      replicas: 3,
      paused: true,
      selector: { matchLabels: { app: 'checkout' } },
      template: { metadata: { labels: { app: 'checkout' } }, spec: { containers: [{ name: 'app', image }] } },
    },
  };
}

/** Revisions of the templates of two images. */
export const stableRevision = revisionOf(target('shop/checkout:1.41.0').spec.template);
export const canaryRevision = revisionOf(target().spec.template);
export const short = (revision: string): string => revision.slice(0, 10);

export function ledgerLine(fields: Partial<LedgerLine> = {}): LedgerLine {
  return {
    revision: canaryRevision,
    images: ['app=shop/checkout:1.42.0'],
    generation: 17,
    verdict: 'Regression',
    outcome: 'RolledBack',
    by: '',
    sentence: 'p95 of checkout is 141 ms on canary, 86 ms on stable',
    started: '2026-11-20T09:00:00Z',
    ended: '2026-11-20T09:10:00Z',
    ...fields,
  };
}

export interface ReleaseFields {
  metadata?: Partial<Release['metadata']>;
  spec?: Release['spec'];
  status?: ReleaseStatus;
}

/** A release of `checkout` in `shop` whose canary is being analysed, changed by `fields`. */
export function release(fields: ReleaseFields = {}): Release {
  return {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: {
      name: 'checkout',
      namespace: 'shop',
      uid: 'release-uid',
      generation: 4,
      resourceVersion: '100',
      creationTimestamp: '2026-11-18T10:00:00Z',
      ...fields.metadata,
    },
    spec: { targetRef: { kind: 'Deployment', name: 'checkout' }, gate: 'Admission', ...fields.spec },
    status: {
      observedGeneration: 4,
      phase: 'Analyzing',
      phaseSince: '2026-11-20T10:00:10Z',
      target: { uid: 'target-uid', generation: 17, revision: short(canaryRevision) },
      stable: { revision: short(stableRevision), images: ['app=shop/checkout:1.41.0'], replicas: 3, ready: 3 },
      canary: {
        revision: short(canaryRevision),
        images: ['app=shop/checkout:1.42.0'],
        replicas: 1,
        ready: 1,
        since: '2026-11-20T10:00:00Z',
        share: '25%',
      },
      ...fields.status,
    },
  };
}

/** A release in a phase, with the Ready condition that goes with it. */
export function inPhase(
  phase: string,
  ready: { reason?: string; message?: string } = {},
  status: ReleaseStatus = {},
): Release {
  const condition = { type: 'Ready', status: 'Unknown', reason: phase, message: `it is ${phase}`, ...ready };
  return release({ status: { phase, conditions: [condition], ...status } });
}
