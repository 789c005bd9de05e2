import { API_VERSION, KIND } from '../../api/names.ts';
import type { CanaryRelease, CanaryReleaseStatus } from '../../api/schema.ts';
import { steady, usualSpec } from '../../judge/engine/testing/steady.ts';
import { type Course, courseOf } from '../../report/course.ts';
import { courseOfRecord, type ReleaseRecord } from '../../report/record.ts';
import type { DashboardSource, Journal, Standing } from '../source.ts';

const start = Date.UTC(2026, 10, 20, 10);

/** A run of so many scrapes in which the canary answers late. */
export function courseAfter(slots: number): Course {
  const behaviour = (slot: number, pod: string): object =>
    slot >= 0 && pod.startsWith('canary') ? { latency: 0.2 } : {};
  const evidence = { ...steady(behaviour, { slots }), startedAt: start };
  return courseOf(evidence, usualSpec, start + slots * 15_000);
}

/** A release whose canary is compared, changed by `status`. */
export function releaseOf(namespace: string, name: string, status: Partial<CanaryReleaseStatus> = {}): CanaryRelease {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { namespace, name, uid: `${namespace}-${name}`, annotations: { secret: 'hunter2' } },
    spec: { targetRef: { name } },
    status: {
      observedGeneration: 1,
      phase: 'Analyzing',
      phaseSince: '2026-11-20T10:00:00Z',
      message: 'canary and stable are compared',
      stable: { revision: 'aaaaaaaaaa', images: ['app=shop:1.0'], replicas: 3, ready: 3 },
      canary: {
        revision: 'bbbbbbbbbb',
        images: ['app=shop:1.1'],
        replicas: 1,
        ready: 1,
        started: '2026-11-20T09:59:40Z',
        since: '2026-11-20T10:00:00Z',
        share: '25%',
      },
      analysis: {
        verdict: 'Undecided',
        sentence: 'p95 of canary is 141 ms, 86 ms on stable',
        since: '2026-11-20T10:00:00Z',
        until: '2026-11-20T10:30:00Z',
        requests: { stable: 12_345, canary: 4321 },
        metrics: [
          {
            name: 'latency-p95',
            unit: 's',
            stable: '0.086',
            canary: '0.141',
            difference: '+64%',
            interval: ['+20%', null],
            limit: '+20%',
            samples: 4321,
            evidence: 53,
            verdict: 'Undecided',
            query: 'http_request_duration_seconds_bucket{namespace="shop"}',
          },
        ],
      },
      ledger: [],
      ...status,
    },
  };
}

/** A source that says what a test puts into it. */
export interface FakeSource extends DashboardSource {
  all: CanaryRelease[];
  courses: Map<string, Course>;
  kept: ReleaseRecord[];
  /** How often records were read. */
  read: number;
  journals: Map<string, Journal>;
  stands: Standing;
  isReady: boolean;
  /** How often a course was asked for. */
  asked: number;
  touch(key: string): void;
}

export function createFakeSource(all: CanaryRelease[] = []): FakeSource {
  const listeners = new Set<(key: string) => void>();
  const source: FakeSource = {
    all,
    courses: new Map(),
    kept: [],
    read: 0,
    journals: new Map(),
    stands: { leads: true, leader: undefined },
    isReady: true,
    asked: 0,
    touch: (key) => {
      for (const listener of listeners) listener(key);
    },
    releases: () => source.all,
    release: (key) => source.all.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === key),
    course: async (key) => {
      source.asked += 1;
      return source.courses.get(key);
    },
    records: async () => {
      source.read += 1;
      return source.kept;
    },
    record: async (_, { revision, started }) => {
      source.read += 1;
      return source.kept.find((one) => one.revision === revision && one.started === started);
    },
    recorded: async (record) => courseOfRecord(record),
    journal: (key) => source.journals.get(key) ?? { since: '2026-11-20T09:00:00Z', phases: [], events: [] },
    standing: () => source.stands,
    ready: () => source.isReady,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return source;
}
