import type { CanaryReleaseStatus } from '../api/schema.ts';
import type { Snapshot } from '../release/snapshot.ts';
import { keyOf } from './asked.ts';

/**
 * Releases whose status was written and nobody knows whether it is there: the answer was lost. The next pass finds it
 * written, sees nothing new, and would tell nobody.
 */
export interface UnsureWrites {
  /** The write of this pass brought an error. */
  failed(snapshot: Snapshot): void;
  /** A write came through: the snapshot with the status as it was when everybody knew it last. */
  settled(snapshot: Snapshot): Snapshot;
  /** `key`: NAMESPACE/NAME. */
  forget(key: string): void;
}

interface Unsure {
  uid: string | undefined;
  status: CanaryReleaseStatus | undefined;
}

export function createUnsureWrites(): UnsureWrites {
  const unsure = new Map<string, Unsure>();
  return {
    failed({ release }) {
      const key = keyOf(release);
      const { uid } = release.metadata;
      const known = unsure.get(key);
      if (known === undefined || known.uid !== uid) unsure.set(key, { uid, status: release.status });
    },
    settled(snapshot) {
      const { release } = snapshot;
      const key = keyOf(release);
      const known = unsure.get(key);
      unsure.delete(key);
      if (known === undefined || known.uid !== release.metadata.uid) return snapshot;
      const { status: _now, ...rest } = release;
      return { ...snapshot, release: known.status === undefined ? rest : { ...rest, status: known.status } };
    },
    forget: (key) => void unsure.delete(key),
  };
}
