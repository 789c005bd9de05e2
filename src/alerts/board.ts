import { z } from 'zod';
import { podLabels } from '../evidence/presets.ts';
import type { Clock } from '../lib/clock.ts';

/** What an Alertmanager posts (version 4); anything more is left alone. */
const Alert = z.looseObject({
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).default({}),
  startsAt: z.iso.datetime({ offset: true }),
  fingerprint: z.string().min(1).max(64),
});
const Message = z.looseObject({ version: z.literal('4'), alerts: z.array(Alert).max(1000) });

/** An alert that fires for a pod. */
export interface FiringAlert {
  name: string;
  pod: string;
  /** Milliseconds. */
  startedAt: number;
  summary: string;
}

/** The alerts that fire now, as far as they name a pod. */
export interface AlertBoard {
  /** Takes a message; what is wrong with it, or undefined. */
  take(body: unknown): string | undefined;
  /** Those of a namespace, oldest first. */
  firing(namespace: string): FiringAlert[];
}

interface Kept extends FiringAlert {
  namespace: string;
  heardAt: number;
}

const MOST_ALERTS = 10_000;
/** A sender repeats what fires every four hours, if nobody told it otherwise. */
const FORGET_MS = 12 * 3_600_000;

/** A board in memory. The same alert is known by its fingerprint, however often it is sent. */
export function createAlertBoard({
  clock,
  namespaces,
}: {
  clock: Clock;
  namespaces?: string[] | undefined;
}): AlertBoard {
  const kept = new Map<string, Kept>();

  function forgetOld(): void {
    for (const [fingerprint, { heardAt }] of kept) {
      if (kept.size <= MOST_ALERTS && clock.now() - heardAt <= FORGET_MS) return;
      kept.delete(fingerprint);
    }
  }

  return {
    take: (body) => {
      const parsed = Message.safeParse(body);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        return `${issue?.path.join('.') || 'body'}: ${issue?.message}`;
      }
      for (const alert of parsed.data.alerts) {
        kept.delete(alert.fingerprint);
        const told = toldBy(alert);
        if (alert.status === 'resolved' || told === undefined || namespaces?.includes(told.namespace) === false)
          continue;
        kept.set(alert.fingerprint, { ...told, heardAt: clock.now() });
      }
      forgetOld();
      return undefined;
    },
    firing: (namespace) => {
      forgetOld();
      const own = [...kept.values()].filter((alert) => alert.namespace === namespace);
      return own
        .map(({ name, pod, startedAt, summary }) => ({ name, pod, startedAt, summary }))
        .toSorted((a, b) => a.startedAt - b.startedAt);
    },
  };
}

/** undefined for an alert that names no pod. */
function toldBy({ labels, annotations, startsAt }: z.infer<typeof Alert>): Omit<Kept, 'heardAt'> | undefined {
  for (const names of podLabels) {
    const [namespace, pod] = [labels[names.namespace], labels[names.pod]];
    if (namespace === undefined || pod === undefined) continue;
    const name = (labels['alertname'] ?? 'unnamed').slice(0, 100);
    const summary = (annotations['summary'] ?? annotations['description'] ?? '').slice(0, 300);
    return { namespace, pod, name, summary, startedAt: Date.parse(startsAt) };
  }
  return undefined;
}
