import type { CanaryRelease, Phase } from '../api/schema.ts';
import type { Course } from '../report/course.ts';
import type { ReleaseRecord } from '../report/record.ts';

/** A moment in the life of a release: RFC 3339. */
export interface PhaseMark {
  phase: Phase;
  at: string;
}

export interface EventMark {
  at: string;
  type: 'Normal' | 'Warning';
  reason: string;
  note: string;
}

/** What happened to a release since this process began to look. */
export interface Journal {
  /** When this process began: before it nothing is known. RFC 3339. */
  since: string;
  /** Oldest first. */
  phases: readonly PhaseMark[];
  /** Newest first. */
  events: readonly EventMark[];
}

/** Which of several replicas this is. */
export interface Standing {
  leads: boolean;
  /** Identity of the leader as last seen. */
  leader: string | undefined;
}

/** Without its measurements: they are many times as large as all else, and read again where they are to be drawn. */
export type KeptRecord = Omit<ReleaseRecord, 'recording' | 'course'>;

export type RecordedCourse = Pick<Course, 'metrics' | 'foundAt'>;

/**
 * Everything that the pages show, from memory: a viewer costs no request to the API. Keys are `NAMESPACE/NAME`.
 */
export interface DashboardSource {
  releases(): readonly CanaryRelease[];
  release(key: string): CanaryRelease | undefined;
  /** What the judge saw so far; undefined where nothing is measured by this replica. */
  course(key: string): Promise<Course | undefined>;
  /** Records of releases that have ended, newest first. The one thing that is asked of the API: ask seldom. */
  records(key: string): Promise<readonly KeptRecord[]>;
  /** The whole of one of them. */
  record(key: string, of: Pick<ReleaseRecord, 'revision' | 'started'>): Promise<ReleaseRecord | undefined>;
  /** What the judge saw in a release that has ended; undefined where its record has no measurements. */
  recorded(record: ReleaseRecord): Promise<RecordedCourse | undefined>;
  journal(key: string): Journal;
  standing(): Standing;
  /** The caches were filled. */
  ready(): boolean;
  /** Calls with the key of each release that may look different now; returns a function that ends the calls. */
  subscribe(listener: (key: string) => void): () => void;
}
