import { describe, expect, test } from "vitest";
import { age, change, countdown, counted, direction, distance, money, NONE, price, short } from "../src/app/format";

describe("numbers", () => {
  test.each([
    [67_000.123, "67,000.12"],
    [95.183_44, "95.183"],
    [0.401_234_5, "0.40123"],
    [0.000_026_022_2, "0.000026022"],
    [0, "0.0000"],
    [-3.5, "-3.5000"],
  ])("%f is a price of about five digits", (value, text) => {
    expect(price(value)).toBe(text);
  });

  test("that are not known are a dash", () => {
    expect([price(null), money(undefined), short(null), change(null)]).toEqual([NONE, NONE, NONE, NONE]);
  });

  test.each([
    [0, "0 members"],
    [1, "1 member"],
    [1200, "1,200 members"],
    [undefined, `${NONE} members`],
  ])("%s is counted as %s", (value, text) => {
    expect(counted(value, "member")).toBe(text);
  });

  test("have the plural of their noun", () => {
    expect([counted(1, "entry", "entries"), counted(2, "entry", "entries")]).toEqual(["1 entry", "2 entries"]);
  });

  test("of a change have a sign, and a direction for the colour", () => {
    expect([change(1.5), change(-0.25), change(0)]).toEqual(["+1.50%", "-0.25%", "0.00%"]);
    expect([direction(1), direction(-1), direction(0), direction(null)]).toEqual(["up", "down", "flat", "flat"]);
  });
});

describe("times", () => {
  test.each([
    [0, "0:00"],
    [-5000, "0:00"],
    [1, "0:01"],
    [65_000, "1:05"],
    [3_909_000, "1:05:09"],
    [183_600_000, "2 d 03:00:00"],
  ])("%d ms are left", (left, text) => {
    expect(countdown(left)).toBe(text);
  });

  test("are as far away as the largest unit says", () => {
    expect(distance(0, 7_200_000)).toBe("in 2h");
    expect(distance(600_000, 0)).toBe("10m ago");
  });

  test("of clocks that differ a little are now", () => {
    expect([age(1000, 1500), age(1500, 1000)]).toEqual(["now", "now"]);
  });
});
