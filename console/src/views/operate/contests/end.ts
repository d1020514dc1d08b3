import type { ContestView } from "@duelcast/client/types";
import { endedAt } from "../../contests/phases";

/** When a contest will end, or came to its end, in epoch milliseconds. */
export function endOf(contest: Pick<ContestView, "status" | "end_time" | "updated_at">): number {
  const isToCome = contest.status === "pending" || contest.status === "active";
  return isToCome ? Date.parse(contest.end_time) : endedAt(contest);
}
