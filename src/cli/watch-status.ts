import type { KubeApi } from '../kube/api.ts';
import { isNotFound, isRetryable } from '../kube/errors.ts';
import { type Deployment, resources } from '../kube/object.ts';
import { sleep } from '../lib/clock.ts';
import { CliError, exitCodes } from './exit.ts';
import type { CliIo } from './io.ts';
import { readTargetIfAllowed } from './read.ts';
import type { Release } from './release.ts';
import { formatStatus, type StatusView } from './status.ts';

/** Between two looks; the operator writes at most once for each scrape. */
const intervalMs = 2000;
const clearScreen = '\u001b[H\u001b[2J';

/**
 * Prints the status again and again until the signal aborts or the release is gone. On a terminal each replaces the
 * one before; elsewhere it is printed only when it changed. Lasts through outages of the API.
 */
export async function watchStatus(
  io: CliIo,
  api: KubeApi,
  ref: { namespace: string; name: string },
  view: Omit<StatusView, 'now'>,
  signal: AbortSignal,
): Promise<void> {
  let before = '';
  while (!signal.aborted) {
    const seen = await look(io, api, ref, view.style.rich ? '' : before);
    if (typeof seen === 'string') io.stderr(`${seen}\n`);
    else if (seen !== undefined) {
      before = seen.release.metadata.resourceVersion ?? '';
      const text = formatStatus(seen.release, seen.target, { ...view, now: io.clock.now() });
      io.stdout(view.style.rich ? `${clearScreen}${text}` : `${text}\n`);
    }
    await sleep(io.clock, intervalMs, signal);
  }
}

interface Seen {
  release: Release;
  target: Deployment | undefined;
}

/** The release and its target, undefined where it is the `known` version still, or what is wrong for the moment. */
async function look(
  io: CliIo,
  api: KubeApi,
  ref: { namespace: string; name: string },
  known: string,
): Promise<Seen | undefined | string> {
  try {
    const release = await api.get<Release>(resources.canaryReleases, ref);
    if (release.metadata.resourceVersion === known) return undefined;
    return { release, target: await readTargetIfAllowed(api, release) };
  } catch (error) {
    if (isNotFound(error)) throw new CliError(exitCodes.unusable, `CanaryRelease ${ref.name} was deleted`);
    if (!isRetryable(error)) throw error;
    return `the Kubernetes API does not answer (${new Date(io.clock.now()).toISOString()}); still trying`;
  }
}
