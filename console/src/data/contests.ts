import { latest, type LatestStore } from "@duelcast/client";
import type { ContestView } from "@duelcast/client/types";
import { client } from "../app/session";

/** The contests that are pending or active, and those that ended within the last day, by id. */
export const contests: LatestStore<number, ContestView> = latest(client, "contest", "public.contests", (message) => {
  switch (message.type) {
    case "all_contests":
      return message.data.map((one) => [one.id, one] as const);
    case "contest_state":
      return [[message.contestId, message.data]];
    case "contest_removed":
      return [[message.contestId, undefined]];
    // A newer server may send more.
    default:
      return [];
  }
});
