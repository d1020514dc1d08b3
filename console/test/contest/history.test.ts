import { expect, test } from "vitest";
import { History } from "../../src/views/contest/leaderboard/history";

test("each participant has a line of the moments at which their value was known", () => {
  const history = new History();
  history.add(1, [["ann", 10]]);
  history.add(2, [["bob", 20]]);
  history.add(3, [
    ["ann", 11],
    ["bob", 21],
  ]);
  expect(history.line("ann")).toEqual([
    { at: 1, value: 10 },
    { at: 3, value: 11 },
  ]);
  expect(history.line("bob")).toEqual([
    { at: 2, value: 20 },
    { at: 3, value: 21 },
  ]);
  expect(history.line("cat")).toEqual([]);
});

test("a ranking that is not newer is ignored", () => {
  const history = new History();
  history.add(2, [["ann", 10]]);
  history.add(2, [["ann", 11]]);
  history.add(1, [["ann", 12]]);
  history.add(Number.NaN, [["ann", 13]]);
  expect(history.line("ann")).toEqual([{ at: 2, value: 10 }]);
});

test("a long history becomes coarser, from its beginning to now, and stays bounded", () => {
  const history = new History(8);
  for (let at = 1; at <= 100; at++) history.add(at, [["ann", at]]);
  const line = history.line("ann");
  const steps = line.slice(1).map(({ at }, index) => at - line[index]!.at);
  expect(line.length).toBeLessThanOrEqual(8);
  expect([line[0], line.at(-1)]).toEqual([
    { at: 1, value: 1 },
    { at: 100, value: 100 },
  ]);
  expect(Math.max(...steps)).toBeLessThanOrEqual(32);
  expect(line.every(({ at, value }) => at === value)).toBe(true);
});
