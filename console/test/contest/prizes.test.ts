import { expect, test } from "vitest";
import { prizesOf } from "../../src/views/contest/leaderboard/prizes";

const PAYOUT = [
  { place: 1, percent: 69 },
  { place: 2, percent: 20 },
  { place: 3, percent: 11 },
];
const contest = { status: "completed", payout: PAYOUT, prize_pool: "10" };
const rows = (...ranks: number[]) => ranks.map((rank, index) => ({ wallet: "abcdef"[index]!, rank }));

test("each place has its share of the pool", () => {
  expect([...prizesOf(contest, rows(1, 2, 3, 4), 4)]).toEqual([
    ["a", 6.9],
    ["b", 2],
    ["c", 1.1],
  ]);
});

test("equal ranks share the prizes of their places, and the first has what is left", () => {
  expect([...prizesOf(contest, rows(1, 2, 2, 4), 4).values()]).toEqual([6.9, 1.55, 1.55]);
  const third = { ...contest, payout: [{ place: 1, percent: 100 }] };
  expect([...prizesOf(third, rows(1, 1, 1), 3).values()]).toEqual([3.333333334, 3.333333333, 3.333333333]);
});

test("nobody has one before the end", () => {
  expect(prizesOf({ ...contest, status: "active" }, rows(1, 2), 2).size).toBe(0);
});

test("those who share a rank with others that are not shown have none that is known", () => {
  expect([...prizesOf(contest, rows(1, 2, 2), 9).keys()]).toEqual(["a"]);
});
