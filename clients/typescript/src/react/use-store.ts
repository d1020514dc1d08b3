import { useCallback, useDebugValue, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { Status } from "../core/interest.js";
import type { DuelcastError } from "../errors.js";
import type { Store } from "../stores/store.js";

/** A live value, and how current it is. It is the same object until something in it has changed. */
export interface Live<T> {
  /** The newest value; that of an empty store while nothing has arrived, and on a server. */
  readonly value: T;
  /**
   * `loading` (nothing complete has arrived yet), `live`, `stale` (what is shown may be out of date), or `refused` (the
   * server does not let the client follow it). A mounted component follows the store, so this is never `idle`.
   */
  readonly status: Exclude<Status, "idle">;
  /** Why the status is `refused`, or why it is `stale` for good. */
  readonly error: DuelcastError | undefined;
}

/**
 * Follows a store while the component is mounted, and renders the component when the value, the status or the error has
 * changed.
 */
export function useStore<T>(store: Store<T>): Live<T>;
/**
 * Follows a part of a store's value: the component renders only when what `selector` returns is not the same as before.
 *
 * @param selector - Computes the part. It may be a new function, and return a new object, in each render.
 * @param isEqual - Whether two parts are the same; `Object.is` by default. If they are, the former one is kept.
 */
export function useStore<T, S>(
  store: Store<T>,
  selector: (value: T) => S,
  isEqual?: (before: S, after: S) => boolean,
): Live<S>;
export function useStore<T, S>(
  store: Store<T>,
  selector: (value: T) => S = identity,
  isEqual: (before: S, after: S) => boolean = Object.is,
): Live<S> {
  const shown = useRef<Live<S> | undefined>(undefined);
  const subscribe = useCallback((listener: () => void) => store.subscribe(listener), [store]);
  const read = useMemo(() => reader(store, selector, isEqual, shown), [store, selector, isEqual]);
  const live = useSyncExternalStore(subscribe, read.now, read.initially);
  useEffect(() => {
    shown.current = live;
  }, [live]);
  useDebugValue(live);
  return live;
}

/**
 * Reads a store. As long as nothing has changed, the result is the same object, or React would render for ever; `shown` is
 * what the component shows, of which a new selector keeps what is equal.
 */
function reader<T, S>(
  store: Store<T>,
  selector: (value: T) => S,
  isEqual: (before: S, after: S) => boolean,
  shown: { readonly current: Live<S> | undefined },
): { now: () => Live<S>; initially: () => Live<S> } {
  let source: T | undefined;
  let live: Live<S> | undefined;
  let initial: Live<S> | undefined;

  function part(value: T): S {
    if (live !== undefined && Object.is(source, value)) return live.value;
    const before = live ?? shown.current;
    const after = selector(value);
    source = value;
    return before !== undefined && isEqual(before.value, after) ? before.value : after;
  }

  return {
    now() {
      const before = live ?? shown.current;
      const value = part(store.get());
      const status = store.status === "idle" ? "loading" : store.status;
      const { error } = store;
      const isSame = before?.status === status && before.error === error && Object.is(before.value, value);
      return (live = isSame ? before : { value, status, error });
    },
    initially() {
      return (initial ??= { value: selector(store.initial), status: "loading", error: undefined });
    },
  };
}

function identity<T, S>(value: T): S {
  return value as unknown as S;
}
