import { type Codec, Column, type Timed } from './column.ts';
import { type BucketPoint, type CountPoint, sameBounds, type ValuePoint, ZERO_COUNT } from './points.ts';

const noClasses: ReadonlyMap<string, number> = new Map();
const noRoutes: CountPoint['routes'] = [];

const values: Codec<ValuePoint> = {
  write({ series, value }, push) {
    push(series);
    push(value);
  },
  read: (data, from) => ({ series: data[from] ?? 0, value: data[from + 1] ?? 0 }),
};

/** Of CPU, memory and the like. */
export function valueColumn(): Column<ValuePoint> {
  return new Column(values);
}

/** Of the times of scrapes alone: there was nothing to count. */
export function scrapeColumn(): Column<CountPoint> {
  return new Column<CountPoint>({ write: () => undefined, read: () => ZERO_COUNT });
}

/** Of requests: classes of error by a number that is the column's own. */
export function countColumn(): Column<CountPoint> {
  const names: string[] = [];
  const numbers = new Map<string, number>();

  function numberOf(name: string): number {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, names.length);
    return names.push(name) - 1;
  }

  function classesAt(data: Float64Array, from: number, count: number): ReadonlyMap<string, number> {
    if (count === 0) return noClasses;
    const classes = new Map<string, number>();
    for (let i = from; i < from + 2 * count; i += 2) classes.set(names[data[i] ?? 0] ?? '', data[i + 1] ?? 0);
    return classes;
  }

  return new Column<CountPoint>({
    write({ series, requests, labelled, errors, classes, routes }, push) {
      // A list with holes: routes that the scrape does not have.
      const known = Object.entries(routes);
      for (const value of [series, requests, labelled, errors, classes.size, known.length]) push(value);
      for (const [name, value] of classes) {
        push(numberOf(name));
        push(value);
      }
      for (const [route, [all, failed]] of known) {
        push(Number(route));
        push(all);
        push(failed);
      }
    },
    read(data, from) {
      const classes = data[from + 4] ?? 0;
      return {
        series: data[from] ?? 0,
        requests: data[from + 1] ?? 0,
        labelled: data[from + 2] ?? 0,
        errors: data[from + 3] ?? 0,
        classes: classesAt(data, from + 6, classes),
        routes: routesAt(data, from + 6 + 2 * classes, data[from + 5] ?? 0),
      };
    },
  });
}

function routesAt(data: Float64Array, from: number, count: number): CountPoint['routes'] {
  if (count === 0) return noRoutes;
  const routes: [number, number][] = [];
  for (let i = from; i < from + 3 * count; i += 3) routes[data[i] ?? 0] = [data[i + 1] ?? 0, data[i + 2] ?? 0];
  return routes;
}

/** Buckets, with the few lists of bounds that there are kept once. */
class BucketColumn extends Column<BucketPoint> {
  readonly #bounds: (readonly number[])[];

  constructor() {
    const bounds: (readonly number[])[] = [];
    super(bucketCodec(bounds));
    this.#bounds = bounds;
  }

  /** Each list of bounds of points that have counts. */
  boundsInUse(): (readonly number[])[] {
    const used = new Set(this.numbers(BOUNDS_AT));
    return this.#bounds.filter((_, number) => used.has(number));
  }
}

/** Of a histogram. */
export function bucketColumn(): BucketColumn {
  return new BucketColumn();
}

/** Each list of bounds of points that have counts, once or more often. */
export function boundsOf(points: Timed<BucketPoint>): (readonly number[])[] {
  if (points instanceof BucketColumn) return points.boundsInUse();
  return [...points].filter(([, { counts }]) => counts.length > 0).map(([, { bounds }]) => bounds);
}

/** Where the number of the bounds stands; without counts it is none. */
const BOUNDS_AT = 1;

function bucketCodec(known: (readonly number[])[]): Codec<BucketPoint> {
  function numberOf(bounds: readonly number[]): number {
    const number = known.findLastIndex((one) => sameBounds(one, bounds));
    return number === -1 ? known.push(bounds) - 1 : number;
  }

  return {
    write({ series, bounds, counts }, push) {
      push(series);
      push(counts.length === 0 ? -1 : numberOf(bounds));
      push(counts.length);
      for (const count of counts) push(count);
    },
    read(data, from) {
      const length = data[from + 2] ?? 0;
      return {
        series: data[from] ?? 0,
        bounds: known[data[from + BOUNDS_AT] ?? 0] ?? [],
        counts: countsAt(data, from + 3, length),
      };
    },
  };
}

function countsAt(data: Float64Array, from: number, length: number): number[] {
  // Of the size that it needs: what the history is made of is kept.
  return Array.from({ length }, (_, i) => data[from + i] ?? 0);
}
