import type { Evidence } from '../evidence/evidence.ts';
import { createChecksums } from '../judge/engine/checksum.ts';
import { setupOf } from '../judge/engine/incremental.ts';
import { slotsBegun } from '../judge/engine/judge-sequential.ts';
import type { AnalysisSpec } from '../judge/spec.ts';
import { type Course, type CourseReader, createCourseReader, mostPoints } from './course.ts';

interface Kept {
  reader: CourseReader;
  setup: string;
  every: number;
  /** Checksum of the slots that were read. */
  read: number;
}

/** The course of a release for who asks again and again. */
export type CourseFollower = (key: string, evidence: Evidence, spec: AnalysisSpec, now: number) => Promise<Course>;

/**
 * Answers as `courseOf`, but reads only the scrapes that are new. Late samples, other pods, and a course that is thinned
 * out further are read from the start again. `pause` is awaited after each scrape: who judges releases in the same
 * process gets its turn there.
 *
 * @param most releases that are remembered; the one that was asked for longest ago is forgotten first
 */
export function createCourseFollower(pause: () => Promise<void>, most = 16): CourseFollower {
  const kept = new Map<string, Kept>();
  const checksums = createChecksums();

  return async (key, evidence, spec, now) => {
    const end = slotsBegun(evidence, now);
    const every = Math.max(1, Math.ceil(end / mostPoints));
    const setup = setupOf(evidence, spec, checksums);
    const before = kept.get(key);
    const usable =
      before?.setup === setup &&
      before.every === every &&
      before.reader.slots() <= end &&
      before.read === checksums.run(evidence, 0, before.reader.slots(), 0);
    const reader = usable ? before.reader : createCourseReader(evidence, spec, every);
    const from = reader.slots();
    // Nobody else goes on with it while it reads.
    kept.delete(key);
    while (reader.slots() < end) {
      reader.step(evidence);
      await pause();
    }
    const read = checksums.run(evidence, from, reader.slots(), usable ? before.read : 0);
    kept.set(key, { reader, setup, every, read });
    for (const oldest of kept.keys()) {
      if (kept.size <= most) break;
      kept.delete(oldest);
    }
    return reader.course(evidence);
  };
}
