/** How many samples a history keeps; beyond, it forgets every other one, and takes half as many from then on. */
const MAX_SAMPLES = 600;

/** A value at a time in epoch milliseconds. */
export interface Sample {
  readonly at: number;
  readonly value: number;
}

/** The values of participants as long as a page is open. The longer it is, the coarser it becomes. */
export class History {
  readonly #most: number;
  /** How many moments become one sample: the last of them. */
  #step = 1;
  #moments = 0;
  #times: number[] = [];
  #values = new Map<string, (number | undefined)[]>();

  constructor(most: number = MAX_SAMPLES) {
    this.#most = most;
  }

  /** How many samples there are. */
  get length(): number {
    return this.#times.length;
  }

  /** Adds the values of a moment; one that is not later than the last is ignored. */
  add(at: number, values: Iterable<readonly [key: string, value: number]>): void {
    if (!(at > (this.#times.at(-1) ?? -Infinity))) return;
    const isNext = this.#moments++ % this.#step === 0;
    if (isNext && this.length >= this.#most) this.#halve();
    const index = isNext ? this.length : this.length - 1;
    this.#times[index] = at;
    for (const [key, value] of values) {
      let own = this.#values.get(key);
      if (!own) this.#values.set(key, (own = []));
      while (own.length < index) own.push(undefined);
      own[index] = value;
    }
  }

  /** The samples of one participant, oldest first. */
  line(key: string): Sample[] {
    const samples: Sample[] = [];
    for (const [index, value] of (this.#values.get(key) ?? []).entries()) {
      if (value !== undefined) samples.push({ at: this.#times[index]!, value });
    }
    return samples;
  }

  #halve(): void {
    const isKept = (_: unknown, index: number): boolean => index % 2 === 0;
    this.#step *= 2;
    this.#times = this.#times.filter(isKept);
    for (const [key, values] of this.#values) {
      const kept = values.filter(isKept);
      if (kept.some((value) => value !== undefined)) this.#values.set(key, kept);
      else this.#values.delete(key);
    }
  }
}
