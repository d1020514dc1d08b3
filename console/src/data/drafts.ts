import { signal, useSignal } from "../app/signal";

/** What was typed and is not stored yet, by a key. It outlives the component, a lost connection and signing in again. */
export interface Drafts<T> {
  /** The draft; the component renders when one changes. */
  use(key: string): T | undefined;
  keep(key: string, draft: T): void;
  drop(key: string): void;
}

export function drafts<T>(): Drafts<T> {
  const all = signal<ReadonlyMap<string, T>>(new Map());
  return {
    use: (key) => useSignal(all).get(key),
    keep(key, draft) {
      all.set(new Map(all.get()).set(key, draft));
    },
    drop(key) {
      const next = new Map(all.get());
      next.delete(key);
      all.set(next);
    },
  };
}
