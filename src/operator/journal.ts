import type { CanaryRelease } from '../api/schema.ts';
import type { EventMark, Journal, PhaseMark } from '../dashboard/source.ts';
import type { Clock } from '../lib/clock.ts';
import { timestamp } from '../lib/timestamp.ts';
import type { ReleaseEvent } from '../release/decision.ts';

/** Of one release: enough for its last few. */
const mostPhases = 40;
const mostEvents = 40;
/** Releases that are remembered; what was heard of longest ago goes first. */
const mostReleases = 2000;

/** Remembers what happened to releases, in the memory of this process alone. */
export interface Journals {
  of(key: string): Journal;
  /** A release as it is now. */
  see(release: CanaryRelease): void;
  event(key: string, event: ReleaseEvent): void;
  forget(key: string): void;
}

interface Entry {
  phases: PhaseMark[];
  events: EventMark[];
}

export function createJournals(clock: Clock): Journals {
  const since = timestamp(clock.now());
  const entries = new Map<string, Entry>();

  function entryOf(key: string): Entry {
    const entry = entries.get(key) ?? { phases: [], events: [] };
    entries.delete(key);
    entries.set(key, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= mostReleases) break;
      entries.delete(oldest);
    }
    return entry;
  }

  return {
    of: (key) => ({ since, phases: [], events: [], ...entries.get(key) }),
    see({ metadata, status }) {
      const { phase, phaseSince } = status ?? {};
      if (phase === undefined || phaseSince === undefined) return;
      const entry = entryOf(`${metadata.namespace}/${metadata.name}`);
      if (entry.phases.at(-1)?.phase === phase) return;
      entry.phases = [...entry.phases, { phase, at: phaseSince }].slice(-mostPhases);
    },
    event(key, { type, reason, note }) {
      const entry = entryOf(key);
      entry.events = [{ at: timestamp(clock.now()), type, reason, note }, ...entry.events].slice(0, mostEvents);
    },
    forget: (key) => void entries.delete(key),
  };
}
