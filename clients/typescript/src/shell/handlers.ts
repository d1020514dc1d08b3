/** Functions of the application, in which the same one counts as often as it is added. */
export class Handlers<A extends readonly unknown[]> {
  readonly #entries = new Set<{ readonly handler: (...values: A) => void }>();

  /** Adds a handler; the returned function removes it, and then calls `removed`. */
  add(handler: (...values: A) => void, removed?: () => void): () => void {
    const entry = { handler };
    this.#entries.add(entry);
    return () => {
      if (this.#entries.delete(entry)) removed?.();
    };
  }

  /** Calls all of them. An error of one stops no other; the platform reports it, as if nobody caught it. */
  call(...values: A): void {
    for (const { handler } of [...this.#entries]) {
      try {
        handler(...values);
      } catch (error) {
        (globalThis.reportError ?? console.error)(error);
      }
    }
  }
}
