import { onOtherUser } from "../app/session";
import { signal, useSignal } from "../app/signal";

/**
 * What the user has typed and not stored yet, by a key. It outlives the component, a lost connection and signing in again,
 * but not another user.
 */
export interface Drafts<T> {
  /** The draft; the component renders when one changes. */
  use(key: string): T | undefined;
  keep(key: string, draft: T): void;
  drop(key: string): void;
}

/** Drafts of this page. Texts may be kept in `sessionStorage`, under a name, so that they outlive a reload too. */
export function drafts<T>(): Drafts<T>;
export function drafts<T extends string>(name: string): Drafts<T>;
export function drafts<T>(name?: string): Drafts<T> {
  const all = signal<ReadonlyMap<string, T>>(name === undefined ? new Map() : (stored(name) as ReadonlyMap<string, T>));
  if (name !== undefined) all.subscribe(() => sessionStorage.setItem(name, JSON.stringify([...all.get()])));
  onOtherUser(() => all.set(new Map()));
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

function stored(name: string): ReadonlyMap<string, string> {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(name) ?? "[]");
    const isValid = Array.isArray(found) && found.every((one) => Array.isArray(one) && one.every(isText));
    return new Map(isValid ? (found as [string, string][]) : []);
  } catch {
    return new Map();
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
