import type { DuelcastError } from "@duelcast/client";
import { http } from "@duelcast/client/http";
import type { Leaderboard, LeaderboardRow } from "@duelcast/client/types";
import { useCallback, useEffect, useRef, useState } from "react";
import { client } from "../../../app/session";
import { asError } from "../../../data/reading";
import type { Window } from "../../../parts/windowed";

const PAGE_ROWS = 100;
/** A page that is older is read again when it is looked at. */
const FRESH_MS = 5000;

/** The rows of a leaderboard by index, as far as they were read. */
export interface Rows {
  readonly total: number | undefined;
  readonly row: (index: number) => LeaderboardRow | undefined;
  readonly error: DuelcastError | undefined;
  again(): void;
}

interface Page {
  readonly entries: readonly LeaderboardRow[];
  readonly at: number;
  /** Whether it was read after the end. */
  readonly isFinal: boolean;
}

/** Reads the pages of a leaderboard that contain the rows of a window, and while `isActive` reads them again. */
export function useRows(contestId: number, { first, end }: Window, isActive: boolean): Rows {
  const [pages, setPages] = useState<ReadonlyMap<number, Page>>(new Map());
  const [total, setTotal] = useState<number>();
  const [round, setRound] = useState(0);
  const [failure, setFailure] = useState<{ readonly round: number; readonly error: DuelcastError }>();
  const known = useRef(pages);
  const [from, to] = [Math.floor(first / PAGE_ROWS), Math.floor(Math.max(first, end - 1) / PAGE_ROWS)];

  useEffect(() => {
    const cancelling = new AbortController();
    const { signal } = cancelling;

    async function read(page: number): Promise<void> {
      const before = known.current.get(page);
      if (before && (isActive ? Date.now() - before.at < FRESH_MS : before.isFinal)) return;
      const parameters = { contest_id: contestId, offset: page * PAGE_ROWS, limit: PAGE_ROWS };
      const found: Leaderboard = await http(client, "GET /api/v69/contests/{contest_id}/leaderboard", {
        parameters,
        signal,
      });
      known.current = new Map(known.current).set(page, { entries: found.entries, at: Date.now(), isFinal: !isActive });
      setPages(known.current);
      setTotal(found.total);
    }

    async function readAll(): Promise<void> {
      try {
        for (let page = from; page <= to; page++) await read(page);
        setFailure(undefined);
      } catch (thrown) {
        if (!signal.aborted) setFailure({ round, error: asError(thrown) });
      }
    }

    void readAll();
    const timer = isActive ? setInterval(() => void readAll(), FRESH_MS) : undefined;
    return () => {
      cancelling.abort();
      clearInterval(timer);
    };
  }, [contestId, from, to, isActive, round]);

  return {
    total,
    row: (index) => pages.get(Math.floor(index / PAGE_ROWS))?.entries[index % PAGE_ROWS],
    error: failure?.round === round ? failure.error : undefined,
    again: useCallback(() => setRound((before) => before + 1), []),
  };
}
