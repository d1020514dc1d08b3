import type { DuelcastError } from "@duelcast/client";
import { http } from "@duelcast/client/http";
import type { Leaderboard, LeaderboardRow } from "@duelcast/client/types";
import { useCallback, useEffect, useRef, useState } from "react";
import { serverNow } from "../../../app/now";
import { client } from "../../../app/session";
import { asError, useFreshness, type Freshness } from "../../../data/reading";
import { useEvery } from "../../../data/use-every";
import type { Window } from "../../../parts/windowed";

const PAGE_ROWS = 100;
/** A page that is older is read again when it is looked at. */
const FRESH_MS = 5000;

/** The rows of a leaderboard by index, as far as they were read. */
export interface Rows {
  readonly total: number | undefined;
  readonly row: (index: number) => LeaderboardRow | undefined;
  readonly status: Freshness;
  /** When the oldest of the pages in the window arrived, in epoch milliseconds of the server's clock. */
  readonly at: number | undefined;
  readonly error: DuelcastError | undefined;
  again(): void;
}

interface Page {
  readonly entries: readonly LeaderboardRow[];
  readonly at: number;
  /** Whether it was read after the end. */
  readonly isFinal: boolean;
}

/** Reads the pages of a leaderboard that contain the rows of a window, and again and again until the contest `isOver`. */
export function useRows(contestId: number, { first, end }: Window, isOver: boolean): Rows {
  const [pages, setPages] = useState<ReadonlyMap<number, Page>>(new Map());
  const [total, setTotal] = useState<number>();
  const [error, setError] = useState<DuelcastError>();
  const known = useRef(pages);
  const reading = useRef(() => {});
  const [from, to] = [Math.floor(first / PAGE_ROWS), Math.floor(Math.max(first, end - 1) / PAGE_ROWS)];

  useEffect(() => {
    const cancelling = new AbortController();
    const { signal } = cancelling;

    async function read(page: number): Promise<void> {
      const before = known.current.get(page);
      if (before && (isOver ? before.isFinal : serverNow() - before.at < FRESH_MS)) return;
      const parameters = { contest_id: contestId, offset: page * PAGE_ROWS, limit: PAGE_ROWS };
      const found: Leaderboard = await http(client, "GET /api/v69/contests/{contest_id}/leaderboard", {
        parameters,
        signal,
      });
      const next = { entries: found.entries, at: serverNow(), isFinal: isOver };
      known.current = new Map(known.current).set(page, next);
      setPages(known.current);
      setTotal(found.total);
    }

    async function readAll(): Promise<void> {
      try {
        for (let page = from; page <= to; page++) await read(page);
        setError(undefined);
      } catch (thrown) {
        if (!signal.aborted) setError(asError(thrown));
      }
    }

    reading.current = () => void readAll();
    reading.current();
    return () => cancelling.abort();
  }, [contestId, from, to, isOver]);

  const again = useCallback(() => reading.current(), []);
  useEvery(isOver ? undefined : FRESH_MS, again);

  const times = [...pages].flatMap(([page, { at }]) => (page >= from && page <= to ? at : []));
  return {
    total,
    row: (index) => pages.get(Math.floor(index / PAGE_ROWS))?.entries[index % PAGE_ROWS],
    status: useFreshness(total !== undefined, error),
    at: times.length > 0 ? Math.min(...times) : undefined,
    error,
    again,
  };
}
