import type { KubeApi } from '../kube/api.ts';
import { isNotFound, isRetryable } from '../kube/errors.ts';
import { resources } from '../kube/object.ts';
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
    const version = await look(io, api, ref);
    if (typeof version === 'string') io.stderr(`${version}\n`);
    else if (view.style.rich || version.metadata.resourceVersion !== before) {
      before = version.metadata.resourceVersion ?? '';
      const text = formatStatus(version, await readTargetIfAllowed(api, version), { ...view, now: io.clock.now() });
      io.stdout(view.style.rich ? `${clearScreen}${text}` : `${text}\n`);
    }
    await sleep(io.clock, intervalMs, signal);
  }
}

/** The release, or what is wrong for the moment. */
async function look(io: CliIo, api: KubeApi, ref: { namespace: string; name: string }): Promise<Release | string> {
  try {
    return await api.get<Release>(resources.canaryReleases, ref);
  } catch (error) {
    if (isNotFound(error)) throw new CliError(exitCodes.unusable, `CanaryRelease ${ref.name} was deleted`);
    if (!isRetryable(error)) throw error;
    return `the Kubernetes API does not answer (${new Date(io.clock.now()).toISOString()}); still trying`;
  }
}
