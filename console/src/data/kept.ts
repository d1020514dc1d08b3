import { onOtherUser } from "../app/session";
import { signal, type Signal } from "../app/signal";

/** Values of the present user, by key, which no other user gets. */
export interface Kept<T> extends Omit<Signal<ReadonlyMap<string, T>>, "set"> {
  put(key: string, value: T): void;
  drop(key: string): void;
}

/** Values of this page. Texts may be kept in `sessionStorage`, under a name, so that they outlive a reload too. */
export function kept<T>(name: string | undefined): Kept<T> {
  const all = signal<ReadonlyMap<string, T>>(name === undefined ? new Map() : (stored(name) as ReadonlyMap<string, T>));
  if (name !== undefined) all.subscribe(() => store(name, JSON.stringify([...all.get()])));
  onOtherUser(() => all.set(new Map()));
  return {
    get: all.get,
    subscribe: all.subscribe,
    put(key, value) {
      all.set(new Map(all.get()).set(key, value));
    },
    drop(key) {
      const next = new Map(all.get());
      if (next.delete(key)) all.set(next);
    },
  };
}

function store(name: string, text: string): void {
  try {
    sessionStorage.setItem(name, text);
  } catch {
    // The storage is full: the values live as long as the page.
  }
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
