import { GATE_LABEL } from '../api/names.ts';
import type { KubeApi } from '../kube/api.ts';
import { isNotFound, isRetryable } from '../kube/errors.ts';
import { type Deployment, resources } from '../kube/object.ts';
import { sleep } from '../lib/clock.ts';
import { revisionOf } from '../release/revision.ts';
import { CliError, exitCodes } from './exit.ts';
import { formatAge, formatRevision } from './format.ts';
import { targetIsObserved } from './held-revision.ts';
import type { CliIo } from './io.ts';
import { readRelease, readTarget, readTargetIfAllowed } from './read.ts';
import { phaseOf, type Release, sameRevision, targetNameOf } from './release.ts';
import { end, endKey, type WaitEnd } from './wait-end.ts';
import { type Awaited, type WaitStep, waitStep } from './wait-outcome.ts';

/** A watch is never trusted for longer: one that hangs looks like one where nothing happens. */
const roundMs = 30_000;
/** Rounds do not follow each other faster, whatever breaks. */
const pauseMs = 1000;
const outagePauseMs = 2000;
const silenceMs = 60_000;

export interface WaitRequest {
  namespace: string;
  name: string;
  /** The revision, or its beginning; the target's template at the start if absent. */
  revision?: string;
  /** 0: without limit. */
  timeoutSeconds: number;
}

export interface WaitAnswer {
  end: WaitEnd;
  revision: string;
  /** As last seen. */
  release: Release;
  seconds: number;
}

interface Session {
  io: CliIo;
  api: KubeApi;
  request: WaitRequest;
  awaited: Awaited;
  release: Release;
  startedAt: number;
  /** Milliseconds since the epoch, undefined without limit. */
  deadline: number | undefined;
  said: Set<string>;
  lastNote: string;
}

/**
 * Waits until the awaited revision has reached its end, telling progress on standard error. Lasts through outages of
 * the API; rejects with CliError only before the first look, or when asking again cannot help.
 */
export async function waitForRelease(io: CliIo, api: KubeApi, request: WaitRequest): Promise<WaitAnswer> {
  const session = await begin(io, api, request);
  for (;;) {
    const ended = await round(session);
    if (ended === undefined) continue;
    const seconds = Math.round((io.clock.now() - session.startedAt) / 1000);
    return { end: ended, revision: session.awaited.revision, release: session.release, seconds };
  }
}

async function begin(io: CliIo, api: KubeApi, request: WaitRequest): Promise<Session> {
  const release = await readRelease(api, request.namespace, request.name);
  const startedAt = io.clock.now();
  const explicit = request.revision !== undefined;
  const revision = request.revision ?? awaitedRevision(release, await readTarget(api, release));
  const awaited: Awaited = {
    revision,
    explicit,
    uid: release.metadata.uid,
    seen: false,
    earlierEnds: new Set((release.status?.ledger ?? []).map(endKey)),
    targetNow: undefined,
    gateOpen: false,
  };
  const deadline = request.timeoutSeconds === 0 ? undefined : startedAt + request.timeoutSeconds * 1000;
  return { io, api, request, awaited, release, startedAt, deadline, said: new Set(), lastNote: '' };
}

function awaitedRevision(release: Release, target: Deployment | undefined): string {
  if (target !== undefined) return revisionNow(release, target);
  const message = `Deployment ${targetNameOf(release)} in namespace ${release.metadata.namespace} does not exist`;
  throw new CliError(exitCodes.unusable, message, 'apply it first, or correct spec.targetRef.name');
}

/** One read of the release and one watch from there. */
async function round(session: Session): Promise<WaitEnd | undefined> {
  const { io } = session;
  const startedAt = io.clock.now();
  const ended = (await look(session)) ?? timedOut(session) ?? (await follow(session));
  if (ended !== undefined) return ended;
  const left = pauseMs - (io.clock.now() - startedAt);
  if (left > 0) await sleep(io.clock, left);
  return undefined;
}

async function look(session: Session): Promise<WaitEnd | undefined> {
  const { api, request } = session;
  try {
    const release = await api.get<Release>(resources.canaryReleases, request);
    const target = await readTargetIfAllowed(api, release);
    session.awaited.gateOpen = target?.metadata.labels?.[GATE_LABEL] === 'open';
    session.awaited.targetNow = target === undefined ? undefined : revisionNow(release, target);
    return step(session, release);
  } catch (error) {
    if (isNotFound(error)) return end('Deleted', `CanaryRelease ${request.name} was deleted`);
    if (!isRetryable(error)) throw error;
    sayOnce(session, 'the Kubernetes API does not answer; asking again until it does');
    await sleep(session.io.clock, outagePauseMs);
    return undefined;
  }
}

/** Same generation, same revision, whatever the hash says: an upgraded API server may have added a default since. */
function revisionNow(release: Release, target: Deployment): string {
  const own = revisionOf(target.spec.template);
  const seen = release.status?.target?.revision;
  const differs = seen !== undefined && !sameRevision(seen, own);
  return differs && targetIsObserved(release, target) ? seen : own;
}

async function follow(session: Session): Promise<WaitEnd | undefined> {
  const { api, io, request, release } = session;
  const stop = new AbortController();
  const left = session.deadline === undefined ? roundMs : session.deadline - io.clock.now();
  const cancel = io.clock.after(Math.min(roundMs, left), () => stop.abort());
  try {
    const events = api.watch<Release>(resources.canaryReleases, {
      namespace: request.namespace,
      fieldSelector: `metadata.name=${request.name}`,
      timeoutSeconds: Math.ceil(roundMs / 1000),
      signal: stop.signal,
      ...(release.metadata.resourceVersion === undefined ? {} : { resourceVersion: release.metadata.resourceVersion }),
    });
    for await (const { type, object } of events) {
      if (type === 'DELETED') return end('Deleted', `CanaryRelease ${request.name} was deleted`);
      const ended = type === 'BOOKMARK' || type === 'ERROR' ? undefined : step(session, object);
      if (ended !== undefined) return ended;
    }
    return undefined;
  } catch {
    // Whatever ails the watch (410, no right to watch, a broken connection): the next round reads again.
    if (!stop.signal.aborted) await sleep(io.clock, outagePauseMs, stop.signal);
    return undefined;
  } finally {
    cancel();
    stop.abort();
  }
}

function step(session: Session, release: Release): WaitEnd | undefined {
  const { awaited, io } = session;
  session.release = release;
  const result = waitStep(release, awaited, io.clock.now());
  if (sameRevision(release.status?.target?.revision, awaited.revision)) awaited.seen = true;
  if (result.kind === 'End') return result;
  report(session, result);
  return undefined;
}

/** A line at each change of phase or verdict; the figures in between move with every scrape and are left out. */
function report(session: Session, { note, unseen }: Extract<WaitStep, { kind: 'Waiting' }>): void {
  const { io, release } = session;
  const elapsed = io.clock.now() - session.startedAt;
  if (unseen && elapsed > silenceMs) {
    sayOnce(session, 'still not looked at: is the operator running? (kubectl -n tandem-system get pods)');
  }
  const key = unseen ? 'unseen' : `${phaseOf(release)} ${release.status?.analysis?.verdict ?? ''}`;
  if (key === session.lastNote) return;
  session.lastNote = key;
  const where = unseen ? '' : `${phaseOf(release)}: `;
  io.stderr(`[${formatAge(elapsed)}] ${where}${note}\n`);
}

function sayOnce(session: Session, text: string): void {
  if (session.said.has(text)) return;
  session.said.add(text);
  session.io.stderr(`[${formatAge(session.io.clock.now() - session.startedAt)}] ${text}\n`);
}

function timedOut(session: Session): WaitEnd | undefined {
  if (session.deadline === undefined || session.io.clock.now() < session.deadline) return undefined;
  const name = `revision ${formatRevision(session.awaited.revision)}`;
  const where = session.awaited.seen ? `is ${phaseOf(session.release)}` : 'was not looked at by the operator';
  return end(
    'TimedOut',
    `${name} ${where} after ${formatAge(session.request.timeoutSeconds * 1000)}; it goes on without being awaited`,
  );
}
