import { http } from "@duelcast/client/http";
import type { OwnContest, Participant } from "@duelcast/client/types";
import { useMemo } from "react";
import { client } from "../../app/session";
import { usePages, type Pages } from "../../data/pages";

/** The contests that the user entered. */
export interface OwnContests {
  readonly wallet: string | undefined;
  /** Newest entry first. */
  readonly pages: Pages<OwnContest>;
  /** The user's row by the id of the contest, as far as pages were read. */
  readonly byContest: ReadonlyMap<number, Participant>;
}

/** Reads what a user entered; nothing without a wallet. */
export function useOwn(wallet: string | undefined): OwnContests {
  const pages = usePages(wallet, (cursor, signal) =>
    http(client, "GET /api/v69/users/me/contests", { parameters: { limit: 100, cursor }, signal }),
  );
  const { rows } = pages;
  const byContest = useMemo(
    () => new Map(rows?.map(({ contest, participant }) => [contest.id, participant] as const)),
    [rows],
  );
  return { wallet, pages, byContest };
}
