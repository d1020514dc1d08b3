import type { DuelcastError } from "@duelcast/client";
import { useCallback, useEffect, useEffectEvent, useState } from "react";
import { serverNow } from "../app/now";
import { asError, useFreshness, type Freshness } from "./reading";

/** A page of an answer. */
export interface Page<T> {
  readonly data: readonly T[];
  /** The cursor of the next page; absent on the last one. */
  readonly nextCursor?: string;
}

/** The rows of the pages that were read so far. */
export interface Pages<T> {
  /** Undefined until the first page has arrived. */
  readonly rows: readonly T[] | undefined;
  readonly status: Freshness;
  /** When the first page arrived, in epoch milliseconds of the server's clock. */
  readonly at: number | undefined;
  readonly hasMore: boolean;
  readonly error: DuelcastError | undefined;
  readonly isLoading: boolean;
  /** Reads the next page; after a failure, the page that failed. */
  more(): void;
  /** Reads the first page again, whose rows take the place of all others when they arrive. */
  again(): void;
  /** Changes the rows that were read, for what the server has told of them since. */
  edit(change: (rows: readonly T[]) => readonly T[]): void;
}

interface Wanted {
  readonly key: string | undefined;
  readonly cursor?: string | undefined;
}

interface Held<T> extends Wanted {
  readonly rows?: readonly T[];
  readonly at?: number | undefined;
  readonly error?: DuelcastError;
}

/** Reads the first page, and others when they are asked for; again from the first when `key` changes, nothing without. */
export function usePages<T>(
  key: string | undefined,
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
): Pages<T> {
  const [wanted, setWanted] = useState<Wanted>({ key });
  const [held, setHeld] = useState<Held<T>>({ key });
  const [settled, setSettled] = useState<Wanted>();
  if (wanted.key !== key) {
    setWanted({ key });
    setHeld({ key });
  }
  const readPage = useEffectEvent(read);

  useEffect(() => {
    if (wanted.key === undefined) return;
    const cancelling = new AbortController();
    const { signal } = cancelling;
    readPage(wanted.cursor, signal)
      .then(
        ({ data, nextCursor }) => {
          if (signal.aborted) return;
          const isFirst = wanted.cursor === undefined;
          setHeld(({ rows = [], at }) => ({
            key: wanted.key,
            cursor: nextCursor,
            rows: isFirst ? data : [...rows, ...data],
            at: isFirst ? serverNow() : at,
          }));
        },
        (error: unknown) => {
          if (!signal.aborted) setHeld((before) => ({ ...before, error: asError(error) }));
        },
      )
      .finally(() => {
        if (!signal.aborted) setSettled(wanted);
      });
    return () => cancelling.abort();
  }, [wanted]);

  const isLoading = key !== undefined && settled !== wanted;
  const next = held.error ? wanted.cursor : held.cursor;
  const more = useCallback(() => {
    if (!isLoading) setWanted({ key, cursor: next });
  }, [isLoading, key, next]);
  const again = useCallback(() => setWanted({ key }), [key]);
  const edit = useCallback((change: (rows: readonly T[]) => readonly T[]) => {
    setHeld((before) => (before.rows ? { ...before, rows: change(before.rows) } : before));
  }, []);
  return {
    rows: held.rows,
    status: useFreshness(held.rows !== undefined, held.error),
    at: held.at,
    hasMore: held.cursor !== undefined,
    error: isLoading ? undefined : held.error,
    isLoading,
    more,
    again,
    edit,
  };
}
