import type { ContestView } from "@duelcast/client/types";

/** Contests by what a visitor can do with them: watch, enter, or read the outcome. */
export interface Phases {
  /** Those that run; the first to end comes first. */
  readonly live: readonly ContestView[];
  /** Those that have not begun; the first to start comes first. */
  readonly upcoming: readonly ContestView[];
}

/** Contests that are not over, by phase. */
export function phases(contests: Iterable<ContestView>): Phases {
  const all = [...contests];
  return {
    live: all.filter((one) => one.status === "active").sort(by("end_time")),
    upcoming: all.filter((one) => one.status === "pending").sort(by("start_time")),
  };
}

/**
 * Contests with a status as the server's pages list them: the newest start first. What arrived since a page was read comes
 * from `live`, which also has contests that have ended since then.
 */
export function finished(
  status: ContestView["status"],
  pages: readonly ContestView[],
  live: ReadonlyMap<number, ContestView>,
): ContestView[] {
  const all = new Map(pages.map((one) => [one.id, one]));
  for (const one of live.values()) all.set(one.id, one);
  return [...all.values()].filter((one) => one.status === status).sort(newestStartFirst);
}

/** When a contest came to its end, in epoch milliseconds: an admin may end or cancel it before its time. */
export function endedAt(contest: Pick<ContestView, "end_time" | "updated_at">): number {
  return Math.min(Date.parse(contest.end_time), Date.parse(contest.updated_at));
}

function newestStartFirst(a: ContestView, b: ContestView): number {
  return Date.parse(b.start_time) - Date.parse(a.start_time) || b.id - a.id;
}

function by(time: "start_time" | "end_time"): (a: ContestView, b: ContestView) => number {
  return (a, b) => Date.parse(a[time]) - Date.parse(b[time]) || a.id - b.id;
}
