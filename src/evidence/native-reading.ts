import { atBounds, type NativePoint, nativeBounds } from './native.ts';
import { type BucketPoint, mapPoints, type Points, sameBounds } from './points.ts';

/** Reads native histograms as classic ones, at the bounds that all of them have in common. */
export interface NativeReading {
  /**
   * Points must not be written to afterwards: an hour of them is read at every scrape, so each is read once for the same
   * bounds.
   */
  classic(native: Points<NativePoint>, secondsPerUnit: number): Points<BucketPoint>;
}

interface Read {
  /** Bounds in the unit of the metric, what its values are multiplied with to be seconds, and the bounds in seconds. */
  own: readonly number[];
  secondsPerUnit: number;
  bounds: readonly number[];
  points: WeakMap<NativePoint, BucketPoint>;
}

export function createNativeReading(): NativeReading {
  const layouts = new WeakMap<NativePoint, string>();
  let read = readingAt([], 1);

  function layoutOf(point: NativePoint): string {
    const known = layouts.get(point);
    if (known !== undefined) return known;
    const layout = [...point.buckets].map(([high, ending]) => [high, ...ending.map(({ low }) => low)]).join(';');
    layouts.set(point, layout);
    return layout;
  }

  /** One point of each layout: bounds follow from which buckets there are, not from what they hold. */
  function samplesOf(native: Points<NativePoint>): Iterable<NativePoint> {
    const distinct = new Map<string, NativePoint>();
    for (const targets of native.values()) {
      for (const times of targets.values()) for (const point of times.values()) distinct.set(layoutOf(point), point);
    }
    return distinct.values();
  }

  return {
    classic(native, secondsPerUnit) {
      const own = nativeBounds(samplesOf(native));
      if (secondsPerUnit !== read.secondsPerUnit || !sameBounds(own, read.own)) read = readingAt(own, secondsPerUnit);
      const { points, bounds } = read;
      return mapPoints(native, (point) => {
        const made = points.get(point) ?? { ...atBounds(point, own), bounds };
        points.set(point, made);
        return made;
      });
    },
  };
}

function readingAt(own: readonly number[], secondsPerUnit: number): Read {
  const bounds = own.map((bound) => Number((bound * secondsPerUnit).toPrecision(12)));
  return { own, secondsPerUnit, bounds, points: new WeakMap() };
}
