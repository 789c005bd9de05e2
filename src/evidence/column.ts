/** What points of a target are put into and taken out of, by time. */
export interface Sink<P> {
  get(time: number): P | undefined;
  set(time: number, point: P): unknown;
}

/** Points of a target by time, to be read. */
export interface Timed<P> extends Iterable<[number, P]> {
  readonly size: number;
  get(time: number): P | undefined;
  keys(): Iterable<number>;
}

/** How a point is written as numbers. `read` makes of them what `write` was given. */
export interface Codec<P> {
  write(point: P, push: (value: number) => void): void;
  read(data: Float64Array, from: number): P;
}

/**
 * Points of one target, ascending in time, as numbers in one array: an hour of scrapes as objects weighs ten times as
 * much. What is read is made anew each time.
 */
export class Column<P> implements Sink<P>, Timed<P> {
  #times = new Float64Array(0);
  /** By place in time: where the numbers of the point begin. */
  #starts = new Uint32Array(0);
  #data = new Float64Array(0);
  #size = 0;
  #used = 0;
  readonly #codec: Codec<P>;

  constructor(codec: Codec<P>) {
    this.#codec = codec;
  }

  get size(): number {
    return this.#size;
  }

  get(time: number): P | undefined {
    const place = this.#placeOf(time);
    return place < this.#size && this.#times[place] === time ? this.#read(place) : undefined;
  }

  /** Takes the place of the point of the same time, if there is one. */
  set(time: number, point: P): void {
    const place = this.#placeOf(time);
    if (place === this.#size || this.#times[place] !== time) this.#insert(place, time);
    this.#starts[place] = this.#used;
    this.#codec.write(point, (value) => this.#push(value));
  }

  *keys(): Generator<number> {
    for (let place = 0; place < this.#size; place += 1) yield this.#times[place] ?? 0;
  }

  [Symbol.iterator](): Generator<[number, P]> {
    return this.between(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  }

  /** Points from a time on and before another one. */
  *between(from: number, to: number): Generator<[number, P]> {
    for (let place = this.#placeOf(from); place < this.#size; place += 1) {
      const time = this.#times[place] ?? 0;
      if (time >= to) return;
      yield [time, this.#read(place)];
    }
  }

  /** The number at an offset of each point, without making the points. */
  *numbers(offset: number): Generator<number> {
    for (let place = 0; place < this.#size; place += 1) yield this.#data[(this.#starts[place] ?? 0) + offset] ?? 0;
  }

  #read(place: number): P {
    return this.#codec.read(this.#data, this.#starts[place] ?? 0);
  }

  /** The first place whose time is not before `time`. */
  #placeOf(time: number): number {
    // Nearly all come in order.
    if (this.#size === 0 || time > (this.#times[this.#size - 1] ?? 0)) return this.#size;
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(place: number, time: number): void {
    if (this.#size === this.#times.length) {
      const room = roomFor(this.#size + 1);
      this.#times = grown(this.#times, new Float64Array(room));
      this.#starts = grown(this.#starts, new Uint32Array(room));
    }
    this.#times.copyWithin(place + 1, place, this.#size);
    this.#starts.copyWithin(place + 1, place, this.#size);
    this.#times[place] = time;
    this.#size += 1;
  }

  #push(value: number): void {
    if (this.#used === this.#data.length) this.#data = grown(this.#data, new Float64Array(roomFor(this.#used + 1)));
    this.#data[this.#used] = value;
    this.#used += 1;
  }
}

/** A little more than is needed now. */
function roomFor(size: number): number {
  return Math.ceil(size * 1.2) + 8;
}

function grown<A extends Float64Array | Uint32Array>(from: A, into: A): A {
  into.set(from);
  return into;
}
