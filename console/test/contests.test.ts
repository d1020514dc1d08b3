import type { ContestView } from "@duelcast/client/types";
import { describe, expect, test } from "vitest";
import { endedAt, finished, phases } from "../src/views/contests/phases";
import { prizes } from "../src/views/contests/prizes";

function contest(id: number, status: string, start: string, end: string): ContestView {
  return { id, status, start_time: `2026-03-0${start}Z`, end_time: `2026-03-0${end}Z` } as ContestView;
}

const ids = (some: readonly ContestView[]): number[] => some.map(({ id }) => id);

describe("phases", () => {
  test("puts the live contest that ends first and the upcoming one that starts first at the top", () => {
    const { live, upcoming } = phases([
      contest(1, "active", "1T10:00", "9T10:00"),
      contest(2, "active", "2T10:00", "3T10:00"),
      contest(3, "pending", "5T10:00", "6T10:00"),
      contest(4, "pending", "4T10:00", "8T10:00"),
      contest(5, "completed", "1T10:00", "2T10:00"),
    ]);
    expect(ids(live)).toEqual([2, 1]);
    expect(ids(upcoming)).toEqual([4, 3]);
  });
});

describe("finished", () => {
  test("adds what ended after the page was read, and leaves out what has another status by now", () => {
    const pages = [contest(4, "completed", "4T10:00", "5T10:00"), contest(2, "completed", "2T10:00", "3T10:00")];
    const live = new Map(
      [contest(3, "completed", "3T10:00", "6T10:00"), contest(5, "cancelled", "5T10:00", "6T10:00")].map((one) => [
        one.id,
        one,
      ]),
    );
    expect(ids(finished("completed", pages, live))).toEqual([4, 3, 2]);
    expect(ids(finished("cancelled", [], live))).toEqual([5]);
  });
});

describe("endedAt", () => {
  test("is the time of the last change if that came before the planned end", () => {
    const end_time = "2026-03-02T10:00Z";
    expect(endedAt({ end_time, updated_at: "2026-03-01T10:00Z" })).toBe(Date.parse("2026-03-01T10:00Z"));
    expect(endedAt({ end_time, updated_at: "2026-03-05T10:00Z" })).toBe(Date.parse(end_time));
  });
});

describe("prizes", () => {
  const base = { ...contest(1, "active", "1T10:00", "2T10:00"), prize_pool: "10", currency: "SOL" };

  test("gives amounts by place", () => {
    const payout = [
      { place: 2, percent: 31 },
      { place: 1, percent: 69 },
    ];
    expect(prizes({ ...base, payout })).toBe("1st\u00a06.9\u00a0SOL · 2nd\u00a03.1\u00a0SOL");
  });

  test("counts the places that it does not name", () => {
    const payout = [1, 2, 3, 4, 5].map((place) => ({ place, percent: 20 }));
    expect(prizes({ ...base, payout })).toMatch(/3rd\u00a02\u00a0SOL and 2 more places$/);
  });

  test("is empty if there is nothing to win", () => {
    expect(prizes({ ...base, payout: [], prize_pool: "10" })).toBe("");
    expect(prizes({ ...base, payout: [{ place: 1, percent: 100 }], prize_pool: "0" })).toBe("");
  });
});
