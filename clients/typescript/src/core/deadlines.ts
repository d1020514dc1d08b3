/** What is due later, by name: at most one deadline for each name. Times are in epoch milliseconds. */
export class Deadlines {
  readonly #due = new Map<string, { at: number; run: () => void }>();

  set(name: string, at: number, run: () => void): void {
    this.#due.set(name, { at, run });
  }

  has(name: string): boolean {
    return this.#due.has(name);
  }

  clear(name?: string): void {
    if (name === undefined) this.#due.clear();
    else this.#due.delete(name);
  }

  /** The earliest time at which something is due. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#due.values()) if (next === undefined || at < next) next = at;
    return next;
  }

  /** Runs what is due, in the order of the times. */
  run(now: number): void {
    for (;;) {
      const next = this.next;
      if (next === undefined || next > now) return;
      for (const [name, { at, run }] of this.#due) {
        if (at !== next) continue;
        this.#due.delete(name);
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
