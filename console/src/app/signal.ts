import { useSyncExternalStore } from "react";

/** A value of the page that several components show. */
export interface Signal<T> {
  get(): T;
  set(value: T): void;
  subscribe(listener: () => void): () => void;
}

export function signal<T>(value: T): Signal<T> {
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The present value; the component renders when it changes. */
export function useSignal<T>({ get, subscribe }: Pick<Signal<T>, "get" | "subscribe">): T {
  return useSyncExternalStore(subscribe, get);
}
