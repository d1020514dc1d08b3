/** Deadlines, at most one for each key. Times are in epoch milliseconds. */
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

  /** The earliest time at which something is due; `Infinity` if nothing is. */
  get next(): number {
    let next = Infinity;
    for (const { at } of this.#due.values()) next = Math.min(next, at);
    return next;
  }

  /** Runs all that are due, in the order of their times. */
  run(now: number): void {
    for (;;) {
      const next = this.next;
      const due = [...this.#due].find(([, { at }]) => at === next);
      if (!due || next > now) return;
      this.#due.delete(due[0]);
      due[1].run();
    }
  }

  /** Moves every deadline by a jump of the clock, so that the remaining times stay as they were. */
  shift(byMs: number): void {
    for (const deadline of this.#due.values()) deadline.at += byMs;
  }
}
