import type { Calibration, CanaryReleaseStatus } from '../api/schema.ts';
import type { PodSpread } from '../judge/spec.ts';
import type { Verdict } from '../judge/verdict.ts';

/** What earlier releases taught, as the judge takes it. */
export function learntSpreads(calibration: Calibration | undefined): Record<string, PodSpread> | undefined {
  const entries = Object.entries(calibration?.podSpread ?? {}).flatMap(([name, text]): [string, PodSpread][] => {
    const [sd, weight] = [Number(text), calibration?.pods?.[name] ?? 0];
    return Number.isFinite(sd) && weight > 0 ? [[name, { sd, weight }]] : [];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/**
 * Keeps what the pods of stable taught in the release that ends now. The pods of one version count once, however many
 * releases they stand beside.
 */
export function noteCalibration(
  status: Pick<CanaryReleaseStatus, 'calibration'>,
  verdict: Verdict | undefined,
  stable: string,
): void {
  const learnt = Object.entries(verdict?.podSpread ?? {});
  if (learnt.length === 0 || status.calibration?.revision === stable) return;
  const before = status.calibration;
  const podSpread = Object.fromEntries(learnt.map(([name, { sd }]) => [name, String(Number(sd.toPrecision(3)))]));
  const pods = Object.fromEntries(learnt.map(([name, { weight }]) => [name, Math.round(weight)]));
  status.calibration = {
    podSpread: { ...before?.podSpread, ...podSpread },
    pods: { ...before?.pods, ...pods },
    revision: stable,
  };
}
