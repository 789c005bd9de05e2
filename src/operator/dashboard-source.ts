import type { CanaryRelease } from '../api/schema.ts';
import type { DashboardSource, Standing } from '../dashboard/source.ts';
import type { KubeApi } from '../kube/api.ts';
import { type Clock, monotonicNow, sleep } from '../lib/clock.ts';
import { createCourseFollower } from '../report/following.ts';
import { listReports } from '../report/kept.ts';
import { courseOfRecord, evidenceOf, type ReleaseRecord } from '../report/record.ts';
import type { Journals } from './journal.ts';
import type { Measuring } from './measuring.ts';

export interface SourceParts {
  /** Reads the records of past releases. */
  api: KubeApi;
  clock: Clock;
  releases(): readonly CanaryRelease[];
  release(namespace: string, name: string): CanaryRelease | undefined;
  /** What the last pass over a release that is measured was judged by. */
  judged: Measuring['judged'];
  journals: Pick<Journals, 'of'>;
  standing(): Standing;
  ready(): boolean;
}

/** Longest work for a plot without a break: the releases of the same process have their turn between. */
const longestTurn = 15;

/** What the dashboard shows, from the memory of this process. `touch` tells of a change. */
export function createDashboardSource(parts: SourceParts): { source: DashboardSource; touch(key: string): void } {
  const { clock } = parts;
  const listeners = new Set<(key: string) => void>();
  let turnBegan = monotonicNow(clock);
  const follow = createCourseFollower(async () => {
    if (monotonicNow(clock) - turnBegan < longestTurn) return;
    await sleep(clock, 0);
    turnBegan = monotonicNow(clock);
  });
  const source: DashboardSource = {
    releases: parts.releases,
    release(key) {
      const [namespace = '', name = ''] = key.split('/');
      return parts.release(namespace, name);
    },
    async course(key) {
      const judged = parts.judged(key);
      if (judged === undefined) return undefined;
      turnBegan = monotonicNow(clock);
      return follow(key, judged.evidence, judged.asked, clock.now());
    },
    records(key) {
      const [namespace = '', name = ''] = key.split('/');
      return listReports(parts.api, namespace, name, ({ recording: _recording, course: _course, ...kept }) => kept);
    },
    async record(key, { revision, started }) {
      const [namespace = '', name = ''] = key.split('/');
      const isWanted = (one: ReleaseRecord): boolean => one.revision === revision && one.started === started;
      const [found] = await listReports(parts.api, namespace, name, (one) => (isWanted(one) ? one : undefined));
      return found;
    },
    async recorded(record) {
      const evidence = evidenceOf(record);
      if (evidence === undefined || record.asked === undefined) return courseOfRecord(record);
      const key = `record ${record.namespace}/${record.release}`;
      return follow(key, evidence, record.asked, Number.POSITIVE_INFINITY);
    },
    journal: (key) => parts.journals.of(key),
    standing: parts.standing,
    ready: parts.ready,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return {
    source,
    touch(key) {
      for (const listener of listeners) listener(key);
    },
  };
}
