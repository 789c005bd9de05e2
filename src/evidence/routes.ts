import type { Timed } from './column.ts';
import type { PodSamples } from './evidence.ts';
import { type CountPoint, MOST_ROUTES, type RouteNumbers } from './points.ts';
import type { EvidenceRequest } from './request.ts';

/** Errors are compared by so many routes, those with the most traffic; the others are one more. */
const KEPT = 10;
/** What the others are called. */
const OTHERS = 'other';
/** Without a past the routes are chosen by the first minutes, so that they stay the same while the run goes on. */
const CHOICE_MS = 300_000;

/** The routes by which errors are compared: none where there is only one, or so many that they are no routes. */
export function chooseRoutes(
  request: EvidenceRequest,
  counts: ReadonlyMap<string, Timed<CountPoint>>,
  routes: RouteNumbers,
): RouteNumbers {
  if (routes.size < 2 || routes.size > MOST_ROUTES) return new Map();
  const traffic = [...routes.values()].map(() => 0);
  const pods = request.stablePods.map(({ name }) => counts.get(name) ?? new Map<number, CountPoint>());
  const past = pods.map((points) => newest(points, request.startedAt));
  const known = past.some((point) => point !== undefined);
  const chosenBy = known ? past : pods.map((points) => newest(points, request.startedAt + CHOICE_MS));
  for (const point of chosenBy) {
    for (const number of routes.values()) traffic[number] = (traffic[number] ?? 0) + (point?.routes[number]?.[0] ?? 0);
  }
  const busiest = [...routes].toSorted(([a, i], [b, j]) => (traffic[j] ?? 0) - (traffic[i] ?? 0) || (a < b ? -1 : 1));
  return new Map(busiest.slice(0, KEPT));
}

function newest(points: Timed<CountPoint>, until: number): CountPoint | undefined {
  let at = Number.NEGATIVE_INFINITY;
  for (const time of points.keys()) if (time <= until && time > at) at = time;
  return points.get(at);
}

/** Requests, and errors where they are known, by route; they add up to all requests. */
export function routeSlots(
  points: readonly (CountPoint | null)[],
  routes: RouteNumbers,
  withErrors: boolean,
): Pick<PodSamples, 'routes' | 'routeErrors'> {
  if (routes.size === 0) return {};
  const slots = (part: 0 | 1, all: (point: CountPoint) => number): Record<string, (number | null)[]> => {
    const own = [...routes].map(([name, number]): [string, (number | null)[]] => [
      name,
      points.map((point) => (point === null ? null : (point.routes[number]?.[part] ?? 0))),
    ]);
    const others = points.map((point, slot) => {
      if (point === null) return null;
      return own.reduce((rest, [, values]) => rest - (values[slot] ?? 0), all(point));
    });
    return Object.fromEntries(others.some((value) => (value ?? 0) > 0) ? [...own, [OTHERS, others]] : own);
  };
  return {
    routes: slots(0, ({ requests }) => requests),
    ...(withErrors ? { routeErrors: slots(1, ({ errors }) => errors) } : {}),
  };
}
