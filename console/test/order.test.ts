import type { Price } from "@duelcast/client/types";
import { describe, expect, test } from "vitest";
import { order } from "../src/views/market/order";

function price(symbol: string, value: number, change: number | null): [string, Price] {
  const unknown = { volume_24h: null, high_24h: null, low_24h: null, source: "test", stale: false };
  return [symbol, { symbol, price: value, change_24h: change, timestamp: "2026-01-01T00:00:00.000Z", ...unknown }];
}

const prices = new Map([
  price("BTC", 60_000, -1),
  price("ETH", 3000, null),
  price("SOL", 100, 2),
  price("BONK", 1, -1),
]);
const nothing = new Set<string>();

describe("the order of the market", () => {
  test("is by name, in either direction", () => {
    expect(order(prices, { column: "symbol", isDescending: false }, "", nothing)).toEqual([
      "BONK",
      "BTC",
      "ETH",
      "SOL",
    ]);
    expect(order(prices, { column: "symbol", isDescending: true }, "", nothing)).toEqual(["SOL", "ETH", "BTC", "BONK"]);
  });

  test("has symbols without a value last in either direction, and equal ones by name", () => {
    expect(order(prices, { column: "change", isDescending: true }, "", nothing)).toEqual(["SOL", "BONK", "BTC", "ETH"]);
    expect(order(prices, { column: "change", isDescending: false }, "", nothing)).toEqual([
      "BONK",
      "BTC",
      "SOL",
      "ETH",
    ]);
  });

  test("has pinned symbols first, whatever the column", () => {
    const pinned = new Set(["ETH", "GONE"]);
    expect(order(prices, { column: "price", isDescending: true }, "", pinned)).toEqual(["ETH", "BTC", "SOL", "BONK"]);
  });

  test("contains the symbols that match a search in any case", () => {
    expect(order(prices, { column: "symbol", isDescending: false }, " b", nothing)).toEqual(["BONK", "BTC"]);
    expect(order(prices, { column: "symbol", isDescending: false }, "(", nothing)).toEqual([]);
  });
});
