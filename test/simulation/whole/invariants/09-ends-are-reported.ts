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

/** 9. Each end of a release is reported: the conditions and an event (the metric: see the end of a run). */
export const endsAreReported: CreateInvariant = (scene) => {
  const known = new Set<string>();
  let open: End[] = [];

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

  return {
    number: 9,
    name: 'ends are reported',
    look(view) {
      note(view);
      const due = open.filter((end) => view.at - end.seenAt > GRACE_MS);
      open = open.filter((end) => !due.includes(end));
      const silent = due.find((end) => !scene.disturbed(end.seenAt - GRACE_MS, view.at) && !isTold(end));
      if (silent !== undefined) return `${silent.entry.outcome} of ${silent.entry.revision.slice(0, 10)} has no event`;
      return conditions(view);
    },
  };
};
