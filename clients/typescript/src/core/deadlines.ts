/** What is due later: at most one deadline for each key. Times are in epoch milliseconds. */
export class Deadlines {
  readonly #due = new Map<unknown, { at: number; readonly run: () => void }>();

  set(key: unknown, at: number, run: () => void): void {
    this.#due.set(key, { at, run });
  }

  has(key: unknown): boolean {
    return this.#due.has(key);
  }

  clear(...keys: readonly unknown[]): void {
    for (const key of keys) this.#due.delete(key);
  }

  clearAll(): void {
    this.#due.clear();
  }

  /** The earliest time at which something is due; `Infinity` if nothing is. */
  get next(): number {
    let next = Infinity;
    for (const { at } of this.#due.values()) if (at < next) next = at;
    return next;
  }

  /** Runs what is due, in the order of the times. */
  run(now: number): void {
    for (let next = this.next; next <= now; next = this.next) {
      for (const [key, { at, run }] of this.#due) {
        if (at !== next) continue;
        this.#due.delete(key);
        run();
        break;
      }
    }
  }

  /** Moves every deadline by a jump of the clock, so that the remaining times stay as they were. */
  shift(byMs: number): void {
    for (const deadline of this.#due.values()) deadline.at += byMs;
  }
}
