import type { FiringAlert } from '../alerts/board.ts';
import type { Pod } from '../kube/object.ts';

/**
 * The first alert that speaks against the canary: it fires for one of its pods, began after the canary did, and no alert of
 * the same name fires for stable, whose pods would suffer a common cause just so.
 */
export function alarmOf(
  alerts: readonly FiringAlert[],
  tracks: { canary: readonly Pod[]; stable: readonly Pod[] },
  since: number,
): FiringAlert | undefined {
  const names = (pods: readonly Pod[]): Set<string> => new Set(pods.map(({ metadata }) => metadata.name));
  const [canary, stable] = [names(tracks.canary), names(tracks.stable)];
  const common = new Set(alerts.filter(({ pod }) => stable.has(pod)).map(({ name }) => name));
  return alerts.find(({ pod, name, startedAt }) => canary.has(pod) && startedAt >= since && !common.has(name));
}

/** For the ledger and people. */
export function alarmSentence({ name, pod, summary }: FiringAlert): string {
  return `alert ${name} fires for ${pod} and for no pod of stable${summary === '' ? '' : `: ${summary}`}`;
}
