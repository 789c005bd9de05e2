import type { LedgerEntry } from '../../../../src/api/schema.ts';
import { type KubeObject, resources } from '../../../../src/kube/object.ts';
import { NAMESPACE } from '../stage.ts';
import type { View } from '../view.ts';
import type { CreateInvariant } from './invariant.ts';

/** Events are written in the background and may be tried again. */
const GRACE_MS = 60_000;

/** Reasons of events that tell of an end. */
const told: Record<string, string[]> = {
  Promoted: ['Promoted'],
  RolledBack: ['RegressionFound', 'RolledBack', 'PromotionFailed'],
  RollingBack: ['PromotionFailed'],
  Aborted: ['Aborted'],
  Superseded: ['Superseded'],
  Reverted: ['Reverted'],
  NotProven: ['NotProven'],
  Bypassed: ['GateBypassed'],
  Untested: ['Untested'],
};

interface End {
  entry: LedgerEntry;
  seenAt: number;
  release: string;
}

/** 9. Each end of a release is reported: the conditions, an event, and the metric that counts ends by outcome. */
export const endsAreReported: CreateInvariant = (scene) => {
  const known = new Set<string>();
  let open: End[] = [];
  /** Ends that nothing disturbed, by outcome: so many are counted at least. */
  const expected = new Map<string, number>();
  let checks: { end: End; least: number; after: number }[] = [];

  function conditions({ release }: View): string | undefined {
    const { phase, conditions: all = [] } = release?.status ?? {};
    if (phase !== 'Rejected') return undefined;
    const is = (type: string): boolean => all.some((one) => one.type === type && one.status === 'True');
    return is('Stalled') && !is('Ready') ? undefined : 'the phase is Rejected and the conditions do not say so';
  }

  function note(view: View): void {
    for (const entry of view.ledger) {
      const id = `${view.release?.metadata.uid} ${entry.revision} ${entry.outcome} ${entry.ended ?? ''}`;
      if (entry.ended === undefined || entry.outcome === 'Adopted' || known.has(id)) continue;
      known.add(id);
      open.push({ entry, seenAt: view.at, release: view.release?.metadata.uid ?? '' });
    }
  }

  function isTold({ entry, seenAt, release }: End): boolean {
    const reasons = told[entry.outcome] ?? [];
    return scene.sandbox.peek<KubeObject>(resources.events, NAMESPACE).some((event) => {
      const regarding = event['regarding'] as { uid?: string } | undefined;
      const mine = regarding?.uid === release && reasons.includes(String(event['reason']));
      return mine && Math.abs(Date.parse(String(event['eventTime'])) - seenAt) < 10 * GRACE_MS;
    });
  }

  function mustBeCounted(end: End): void {
    const { outcome } = end.entry;
    const least = (expected.get(outcome) ?? 0) + 1;
    expected.set(outcome, least);
    checks.push({ end, least, after: scene.countedEnds.version() });
    scene.countedEnds.read();
  }

  function uncounted(): End | undefined {
    const ready = checks.filter(({ after }) => scene.countedEnds.version() > after);
    checks = checks.filter((check) => !ready.includes(check));
    return ready.find(({ end, least }) => scene.countedEnds.of(end.entry.outcome) < least)?.end;
  }

  return {
    number: 9,
    name: 'ends are reported',
    look(view) {
      note(view);
      const due = open.filter((end) => view.at - end.seenAt > GRACE_MS);
      open = open.filter((end) => !due.includes(end));
      const calm = due.filter((end) => !scene.disturbed(end.seenAt - GRACE_MS, view.at));
      for (const end of calm) mustBeCounted(end);
      const missed = uncounted();
      if (missed !== undefined)
        return `no metric counts ${missed.entry.outcome} of ${missed.entry.revision.slice(0, 10)}`;
      const silent = calm.find((end) => !isTold(end));
      if (silent !== undefined) return `${silent.entry.outcome} of ${silent.entry.revision.slice(0, 10)} has no event`;
      return conditions(view);
    },
  };
};
