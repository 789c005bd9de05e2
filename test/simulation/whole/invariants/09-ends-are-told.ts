import type { CanaryRelease, LedgerEntry } from '../../../../src/api/schema.ts';
import { resources } from '../../../../src/kube/object.ts';
import { notificationKinds } from '../../../../src/notify/notification.ts';
import { shortRevision } from '../../../../src/release/revision.ts';
import { NAMESPACE } from '../stage.ts';
import type { CreateInvariant } from './invariant.ts';

const MINUTE_MS = 60_000;
/** The longest pause between two attempts, and the attempt itself. */
const GRACE_MS = 6.5 * MINUTE_MS;
/** A new process tells again what ended no longer ago; a little less, for clocks differ. */
const RETOLD_MS = 11 * MINUTE_MS;
/** A lease that runs out, and the first look of the next leader. */
const TAKEOVER_MS = 1.5 * MINUTE_MS;

const ends: readonly string[] = notificationKinds.filter((kind) => !['Started', 'Regression', 'Held'].includes(kind));

interface End {
  key: string;
  what: string;
  /** Real time. */
  seenAt: number;
  /** A process died with what it had in memory: when, last. */
  lostAt: number | undefined;
}

/**
 * 9. Each end of a release is told at least once, always with the same id, and nothing is told that was not. What a
 * process that dies has in memory the next one tells again, unless it ended longer than 15 minutes ago or its
 * CanaryRelease is gone (docs/guides/notifications.md).
 */
export const endsAreTold: CreateInvariant = (scene) => {
  const known = new Set<string>();
  const ids = new Map<string, string>();
  const keys = new Map<string, string>();
  let open: End[] = [];
  let read = 0;
  let deaths = 0;

  const keyOf = (release: string, { outcome, revision, ended }: LedgerEntry): string =>
    `${release} ${outcome} ${shortRevision(revision)} ${ended}`;

  function note(at: number): Set<string> {
    const present = new Set<string>();
    for (const { metadata, status } of scene.sandbox.peek<CanaryRelease>(resources.canaryReleases, NAMESPACE))
      for (const entry of status?.ledger ?? []) {
        if (entry.ended === undefined || !ends.includes(entry.outcome)) continue;
        const key = keyOf(metadata.name, entry);
        present.add(key);
        if (known.has(key)) continue;
        known.add(key);
        const what = `${entry.outcome} of ${shortRevision(entry.revision)}`;
        open.push({ key, what, seenAt: at, lostAt: undefined });
      }
    return present;
  }

  /** What has arrived since the last look. */
  function hear(): string | undefined {
    for (; read < scene.told.length; read += 1) {
      const { id, kind, release, revision, time } = scene.told[read] ?? {};
      if (kind === undefined || !ends.includes(kind)) continue;
      const key = `${release} ${kind} ${revision} ${time}`;
      if (!known.has(key)) return `${kind} of ${revision} was told and never was`;
      if (id === undefined || (ids.get(key) ?? id) !== id) return `${kind} of ${revision} was told with two ids`;
      if ((keys.get(id) ?? key) !== key) return `two ends were told with the id ${id}`;
      ids.set(key, id);
      keys.set(id, key);
    }
    open = open.filter(({ key }) => !ids.has(key));
    return undefined;
  }

  function noteDeaths(at: number): void {
    const now = scene.deaths();
    if (now === deaths) return;
    deaths = now;
    for (const end of open) end.lostAt = at;
  }

  /** Nobody has it in memory, and nobody finds it any more. */
  function isLost({ key, seenAt, lostAt }: End, present: ReadonlySet<string>): boolean {
    if (lostAt === undefined) return false;
    const foundAt = Math.max(lostAt, scene.lastDisturbed()) + TAKEOVER_MS;
    return !present.has(key) || foundAt - seenAt > RETOLD_MS;
  }

  function missing(at: number, present: ReadonlySet<string>): string | undefined {
    open = open.filter((end) => !isLost(end, present));
    const since = at - GRACE_MS;
    if (scene.disturbed(since, at)) return undefined;
    const silent = open.find(({ seenAt, lostAt = 0 }) => seenAt < since && lostAt < since);
    return silent === undefined ? undefined : `${silent.what} was told to nobody`;
  }

  return {
    number: 9,
    name: 'ends are told',
    look({ at }) {
      const present = note(at);
      const said = hear();
      noteDeaths(at);
      return said ?? missing(at, present);
    },
  };
};
