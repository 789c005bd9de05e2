import type { Plan } from '../whole/plan.ts';
import * as provoke from './provoke.ts';

/** A way to break the operator, as a change of its source. */
export interface Mutant {
  name: string;
  edits: { file: string; find: string; replace: string }[];
  /** Short histories in which it must be seen; the sound operator passes them. */
  plans: Plan[];
}

export const mutants: readonly Mutant[] = [
  {
    name: 'resumes without resourceVersion',
    edits: [
      {
        file: 'src/release/apply.ts',
        find: 'metadata: { ...change.metadata, resourceVersion } };',
        replace: 'metadata: { ...change.metadata } };',
      },
    ],
    plans: [provoke.promotion],
  },
  {
    name: 'writes the status without resourceVersion',
    edits: [
      {
        file: 'src/release/apply.ts',
        find: 'metadata: { resourceVersion: release.metadata.resourceVersion },',
        replace: 'metadata: {},',
      },
    ],
    plans: [provoke.promotion],
  },
  {
    name: 'does not consult the ledger',
    edits: [{ file: 'src/release/held.ts', find: 'if (!rejected) return undefined;', replace: 'return undefined;' }],
    plans: [provoke.rejection],
  },
  {
    name: 'does not delete the canary',
    edits: [
      {
        file: 'src/release/cleanup.ts',
        find: "draft.actions.push({ kind: 'DeleteTrack', name, uid });",
        replace: 'void draft;',
      },
    ],
    plans: [provoke.revert],
  },
  {
    name: 'promotes without data',
    edits: [
      {
        file: 'src/release/judged.ts',
        find: 'const weak = collecting &&',
        replace: 'const weak = true || collecting &&',
      },
    ],
    plans: [provoke.noTraffic],
  },
  {
    name: 'does not wait for the soak',
    edits: [
      { file: 'src/release/judged.ts', find: 'return soaked && good', replace: 'return good' },
      {
        file: 'src/judge/engine/judge-sequential.ts',
        find: ' || judge.compared < judge.spec.minDurationSeconds',
        replace: '',
      },
    ],
    plans: [provoke.longSoak],
  },
  {
    name: 'writes without the lease',
    edits: [
      {
        file: 'src/kube/leader.ts',
        find: 'return renewed !== undefined && elapsedSince(renewed) < renewDeadlineMs;',
        replace: 'return renewed !== undefined || seen !== undefined;',
      },
    ],
    plans: [provoke.twoReplicas],
  },
  {
    name: 'lets the deadline run while the source fails',
    edits: [
      {
        file: 'src/release/judged.ts',
        find: '(deadline + Math.min(clock.stood, deadline)) * 1000',
        replace: 'deadline * 1000',
      },
    ],
    plans: [provoke.sourceDown],
  },
  {
    name: 'finishes a rollout without looking at capacity',
    edits: [
      {
        file: 'src/release/finish.ts',
        find: 'if (lost > 0 && available - lost < facts.replicas - unavailable)',
        replace: 'if (lost > 99 && available - lost < facts.replicas - unavailable)',
      },
      {
        file: 'src/release/finish.ts',
        find: 'if (winner.available < winner.replicas && step.loses > 0 && lost > 0)',
        replace: 'if (lost > 99)',
      },
    ],
    plans: [provoke.midRollout],
  },
  {
    name: 'takes a restart for another template',
    edits: [
      {
        file: 'src/release/revision.ts',
        find: 'annotations: without(metadata.annotations, RESTART_ANNOTATION),',
        replace: 'annotations: metadata.annotations ?? {},',
      },
    ],
    plans: [provoke.rejection],
  },
  {
    name: 'starts a canary while two versions serve',
    edits: [
      {
        file: 'src/release/held.ts',
        find: 'if (facts.active.length < 2) return afterRollout(draft);',
        replace: 'return undefined;',
      },
    ],
    plans: [provoke.midRollout],
  },
  {
    name: 'lets the held template roll when it leaves',
    edits: [
      {
        file: 'src/release/leave.ts',
        find: 'if (only !== undefined && sameRollout(',
        replace: 'if (only === undefined || !sameRollout(',
      },
    ],
    plans: [provoke.leaving],
  },
  {
    name: 'leaves quarantined pods in the Service',
    edits: [
      {
        file: 'src/release/apply.ts',
        find: 'labels: { ...Object.fromEntries(labels), [RELEASE_LABEL]',
        replace: 'labels: { ...Object.fromEntries(labels.slice(0, 0)), [RELEASE_LABEL]',
      },
    ],
    plans: [provoke.quarantine],
  },
  {
    name: 'asks a source that is not for the namespace',
    edits: [
      { file: 'src/evidence/collector.ts', find: 'if (!api.allows(namespace)) {', replace: 'if (namespace === "") {' },
    ],
    plans: [provoke.foreignSource],
  },
  {
    name: 'reports nothing',
    edits: [
      {
        file: 'src/release/draft.ts',
        find: 'draft.events.push({ type, reason, action, note });',
        replace: 'void [draft, type, reason, action, note];',
      },
    ],
    plans: [provoke.promotion],
  },
  {
    name: 'counts no end',
    edits: [
      {
        file: 'src/operator/metrics.ts',
        find: 'for (const entry of newEnds(snapshot.release.status, decision.status)) {',
        replace: 'for (const entry of newEnds(snapshot.release.status, decision.status).slice(1)) {',
      },
    ],
    plans: [provoke.promotion],
  },
  {
    name: 'tells no end of a release',
    edits: [
      {
        file: 'src/notify/notification.ts',
        find: '...endsOf(snapshot, before, status, first).map(endOf),',
        replace: '',
      },
    ],
    plans: [provoke.promotion],
  },
  {
    name: 'gives up a notification that failed',
    edits: [
      {
        file: 'src/notify/notifier.ts',
        find: "if (delivery.outcome === 'refused') {",
        replace: "if (delivery.outcome !== 'sent') {",
      },
    ],
    plans: [provoke.deaf],
  },
  {
    name: 'does not tell again what a process died with',
    edits: [
      {
        file: 'src/notify/notification.ts',
        find: 'retoldMilliseconds = 15 * 60_000',
        replace: 'retoldMilliseconds = 0',
      },
    ],
    plans: [provoke.deaf],
  },
  {
    name: 'tells nobody of an end whose write got no answer',
    edits: [
      {
        file: 'src/operator/reconcile.ts',
        find: 'deps.unsure.failed(snapshot);',
        replace: '',
      },
    ],
    plans: [provoke.unanswered],
  },
  {
    name: 'tells the same end with another id',
    edits: [
      {
        file: 'src/notify/notification.ts',
        find: 'id: idOf([uid, one.kind, one.revision, one.time]),',
        replace: 'id: idOf([uid, one.kind, one.revision, String(snapshot.now)]),',
      },
    ],
    plans: [provoke.retold],
  },
  {
    name: 'lets a rejected version through while nothing serves',
    edits: [
      {
        file: 'src/release/held.ts',
        find: '  rejectedBefore, // stays',
        replace: '  atZero, rejectedBefore, // stays',
      },
    ],
    plans: [provoke.rejectedAtZero],
  },
  {
    name: 'leaves what nobody approved beside a target without pods',
    edits: [{ file: 'src/release/armed.ts', find: 'removeUnproven(draft);', replace: '' }],
    plans: [provoke.fromZero],
  },
  {
    name: 'asks again at once after a 429',
    edits: [
      {
        file: 'src/kube/retry.ts',
        find: 'return asked ? politeDelay(after, attempt, random) : undefined;',
        replace: 'return asked ? 0 : undefined;',
      },
    ],
    plans: [provoke.putOff],
  },
  {
    name: "takes a person's Deployment for its canary",
    edits: [
      {
        file: 'src/release/clone.ts',
        find: 'return (object.metadata.ownerReferences ?? []).some(',
        replace: 'return object.metadata.name.endsWith("-canary") || (object.metadata.ownerReferences ?? []).some(',
      },
    ],
    plans: [provoke.foreignCanary],
  },
  {
    name: 'takes a connection that is half open for a quiet one',
    edits: [
      {
        file: 'src/kube/informer.ts',
        find: 'idleTimeoutMs: options.idleTimeoutMs ?? IDLE_MS,',
        replace: 'idleTimeoutMs: Number.POSITIVE_INFINITY,',
      },
    ],
    plans: [provoke.halfOpen],
  },
  {
    name: 'acts only in the pass that decided',
    edits: [
      {
        file: 'src/operator/reconcile.ts',
        find: 'await writeStatus(context, written.status);',
        replace: 'if (!(await writeStatus(context, written.status))) decision.actions.length = 0;',
      },
    ],
    plans: [provoke.killed],
  },
  {
    name: 'deletes a ReplicaSet that serves',
    edits: [
      {
        file: 'src/release/cleanup.ts',
        find: 'if (set === facts.stable || !isEmpty(set) || !rivals(set, facts, facts.stable)) continue;',
        replace: 'if (isEmpty(set) && !rivals(set, facts, facts.stable)) continue;',
      },
    ],
    plans: [provoke.rejection],
  },
  {
    name: 'does not start again after 410',
    edits: [
      {
        file: 'src/kube/informer.ts',
        find: 'if (isGone(error) || isFromTheFuture(error)) resourceVersion = undefined;',
        replace: 'if (isFromTheFuture(error)) resourceVersion = undefined;',
      },
    ],
    plans: [provoke.gone],
  },
  {
    name: 'writes the template of the target',
    edits: [
      {
        file: 'src/release/apply.ts',
        find: 'spec: { paused: null },',
        replace: 'spec: { paused: null, minReadySeconds: 1 },',
      },
    ],
    plans: [provoke.promotion],
  },
];
