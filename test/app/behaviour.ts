import type { ErrorClass, Settings } from './settings.ts';

/** What will happen to one request. */
export interface Plan {
  delayMs: number;
  /** Undefined: it succeeds. */
  error: ErrorClass | undefined;
}

/** The routes of the shop and the usual time of each in milliseconds. */
export const routes: Readonly<Record<string, number>> = { '/fast': 5, '/slow': 40 };

/** Plans one request of a route whose usual time is `baseMs`. `random` gives numbers in [0, 1). */
export function planRequest(settings: Settings, route: string, baseMs: number, random: () => number): Plan {
  let delayMs = jitter(baseMs, random);
  if (settings.latencyRoute === undefined || settings.latencyRoute === route) delayMs += settings.latencyMs;
  if (random() < settings.tailRate) delayMs += settings.tailMs;
  return { delayMs, error: planError(settings, random) };
}

/** What a process that started so many seconds ago is slower by, in milliseconds: it falls in a straight line. */
export function warmupDelay({ warmupMs, warmupS }: Settings, ageS: number): number {
  return ageS >= warmupS ? 0 : warmupMs * (1 - ageS / warmupS);
}

function planError(settings: Settings, random: () => number): ErrorClass | undefined {
  if (random() < settings.errorRate) return settings.errorClass;
  if (random() < settings.baselineErrorRate) return { status: 500, type: 'db_timeout' };
  return undefined;
}

/** A skewed spread around `baseMs` (its median), as response times have: log-normal with sigma 0.25. */
function jitter(baseMs: number, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return baseMs * Math.exp(0.25 * normal);
}
