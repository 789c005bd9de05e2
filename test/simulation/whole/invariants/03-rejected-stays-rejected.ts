import { commandAnnotations, REVISION_ANNOTATION } from '../../../../src/api/names.ts';
import type { CanaryRelease, LedgerEntry } from '../../../../src/api/schema.ts';
import type { View } from '../view.ts';
import type { CreateInvariant } from './invariant.ts';

const rejecting = ['RolledBack', 'RollingBack', 'Aborted'];
const passing = ['Promoting', 'Promoted', 'Untested'];
/** Creation is known to the second; the clocks of operators may be apart. */
const SLACK_MS = 5000;

interface Rejection {
  /** Real time. */
  at: number;
  /** Commands that the operator had seen before it wrote that. */
  seen: ReadonlySet<string>;
}

/** What the operator had not seen when it rejected came after it, however long it took to arrive. */
function seenCommands({ status }: CanaryRelease): Set<string> {
  return new Set((status?.commands ?? []).map(({ command, text }) => `${command} ${text}`));
}

/** Somebody asked for another look after that moment: retry or promote of this revision, or promote: next. */
function askedAgain(release: CanaryRelease, entry: LedgerEntry, { at, seen }: Rejection): boolean {
  return (['retry', 'promote'] as const).some((name) => {
    const text = release.metadata.annotations?.[commandAnnotations[name]] ?? '';
    const [revision = '', time = ''] = text.split('@');
    const named = revision === 'next' || (revision !== '' && entry.revision.startsWith(revision));
    return named && (Date.parse(time) > at - SLACK_MS || !seen.has(`${name} ${text}`));
  });
}

/** 3. A rejected revision stays rejected until retry, promote or another template; a restart is not another template. */
export const rejectedStaysRejected: CreateInvariant = (scene) => {
  /** By release and version. */
  const rejected = new Map<string, Rejection>();
  /** Rejections after which somebody asked for another look, until the version is rejected anew. */
  const answered = new Set<string>();
  /** By release: what the operator had seen at the last look. */
  const seenBefore = new Map<string, ReadonlySet<string>>();

  function rejectedAt(view: View, version: string): number | undefined {
    return rejected.get(`${view.release?.metadata.uid} ${version}`)?.at;
  }

  function note(view: View): string | undefined {
    for (const entry of view.ledger) {
      const version = scene.versionOf(entry.revision);
      if (version === undefined || view.release === undefined) continue;
      const key = `${view.release.metadata.uid} ${version}`;
      const since = rejected.get(key);
      const id = `${key} ${entry.started}`;
      if (since === undefined && rejecting.includes(entry.outcome) && !answered.has(id))
        rejected.set(key, { at: view.at, seen: seenBefore.get(view.release.metadata.uid ?? '') ?? new Set() });
      if (since === undefined) continue;
      if (askedAgain(view.release, entry, since)) {
        rejected.delete(key);
        answered.add(id);
      } else if (passing.includes(entry.outcome))
        return `${entry.revision.slice(0, 10)} was rejected and is now ${entry.outcome} (${entry.reason}), nobody asked for it`;
    }
    if (view.release !== undefined) seenBefore.set(view.release.metadata.uid ?? '', seenCommands(view.release));
    forgetDropped(view);
    return undefined;
  }

  /** What fell out of the ledger is not known any more. */
  function forgetDropped(view: View): void {
    const kept = new Set(view.ledger.map(({ revision }) => scene.versionOf(revision)));
    const prefix = `${view.release?.metadata.uid} `;
    for (const key of rejected.keys())
      if (key.startsWith(prefix) && !kept.has(key.slice(prefix.length))) rejected.delete(key);
  }

  return {
    number: 3,
    name: 'rejected stays rejected',
    look(view) {
      const said = note(view);
      if (said !== undefined) return said;
      for (const canary of view.canaries) {
        const revision = canary.metadata.annotations?.[REVISION_ANNOTATION] ?? '';
        const since = rejectedAt(view, scene.versionOf(revision) ?? '');
        const created = Date.parse(canary.metadata.creationTimestamp ?? '');
        if (since !== undefined && created > since + SLACK_MS)
          return `a canary of ${revision.slice(0, 10)} started again after it was rejected`;
      }
      return undefined;
    },
  };
};
