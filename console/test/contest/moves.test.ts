import { expect, test } from "vitest";
import { moves } from "../../src/views/contest/leaderboard/moves";

test("a row that has risen was further down before, and one that has fallen further up", () => {
  expect([...moves(["ann", "bob", "cat"], ["cat", "ann", "bob"])]).toEqual([
    ["cat", 2],
    ["ann", -1],
    ["bob", -1],
  ]);
});

test("rows that have kept their places, are new or have gone do not move", () => {
  expect([...moves(["ann", "bob"], ["ann", "cat"])]).toEqual([]);
});
