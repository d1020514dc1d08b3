import type { Candle } from "@duelcast/client/types";
import { describe, expect, test } from "vitest";
import { extended, MAX_CANDLES, spanStart, summary } from "../src/views/symbol/candles";

function candle(time: string, open: number, high: number, low: number, close: number): Candle {
  return { timestamp: `2026-03-01T${time}:00.000Z`, open, high, low, close };
}

const candles = [candle("10:00", 5, 9, 4, 8), candle("10:05", 8, 10, 7, 9)];
const at = (time: string, price: number): { price: number; timestamp: string } => ({
  price,
  timestamp: `2026-03-01T${time}Z`,
});

describe("a price after the candles", () => {
  test("moves the newest one", () => {
    expect(extended(candles, "5m", at("10:09:59.999", 12))).toEqual([candles[0], candle("10:05", 8, 12, 7, 12)]);
    expect(extended(candles, "5m", at("10:06:00.000", 6))).toEqual([candles[0], candle("10:05", 8, 10, 6, 6)]);
  });

  test("begins the next one", () => {
    expect(extended(candles, "5m", at("10:10:00.000", 6))).toEqual([...candles, candle("10:10", 6, 6, 6, 6)]);
    expect(extended([], "1h", at("10:10:00.000", 6))).toEqual([candle("10:00", 6, 6, 6, 6)]);
  });

  test("changes nothing if it is older, or the same", () => {
    expect(extended(candles, "5m", at("10:04:59.000", 99))).toBe(candles);
    expect(extended(candles, "5m", at("10:06:00.000", 9))).toBe(candles);
  });

  test("pushes the oldest one out if there are many", () => {
    const many = Array.from({ length: MAX_CANDLES }, (_, index) => ({
      ...candles[0]!,
      timestamp: new Date(Date.parse("2026-03-01T06:00Z") + index * 60_000).toISOString(),
    }));
    const next = extended(many, "1m", at("11:00:00.000", 6));
    expect(next).toHaveLength(MAX_CANDLES);
    expect(next[0]).toBe(many[1]);
  });
});

test("the span has room for all candles, and begins with one", () => {
  const from = Date.parse(spanStart("1h", Date.parse("2026-03-11T10:20:00Z")));
  expect(new Date(from).toISOString()).toBe("2026-03-01T11:00:00.000Z");
  expect((Date.parse("2026-03-11T11:00:00Z") - from) / 3_600_000).toBe(MAX_CANDLES);
});

test("the summary has the first and the last price and the extremes", () => {
  const [fromMs, toMs] = candles.map(({ timestamp }) => Date.parse(timestamp));
  expect(summary(candles)).toEqual({ open: 5, close: 9, high: 10, low: 4, fromMs, toMs });
  expect(summary([])).toBeUndefined();
});
