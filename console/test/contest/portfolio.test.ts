import { describe, expect, test } from "vitest";
import {
  effect,
  faults,
  fillUp,
  parseChoices,
  sum,
  valueOf,
  type Choice,
  type Conditions,
} from "../../src/views/contest/trade/portfolio";

const PRICES: Readonly<Record<string, { price: number; stale: boolean }>> = {
  BTC: { price: 50_000, stale: false },
  SOL: { price: 100, stale: false },
  OLD: { price: 1, stale: true },
};
const ANY: Conditions = { allowed: [], quote: (symbol) => PRICES[symbol], isTrade: false };

function choices(...pairs: readonly [symbol: string, weight?: number | undefined][]): Choice[] {
  return pairs.map(([symbol, weight]) => ({ symbol, weight }));
}

function fieldsOf(portfolio: readonly Choice[], conditions: Partial<Conditions> = {}): string[] {
  return faults(portfolio, { ...ANY, ...conditions }).map(({ field }) => field);
}

describe("the validation of a portfolio", () => {
  test("accepts different tokens with a price whose whole weights add up to 100", () => {
    expect(fieldsOf(choices(["SOL", 60], ["BTC", 40]))).toEqual([]);
    expect(fieldsOf(choices(["SOL", 100]), { allowed: ["SOL"] })).toEqual([]);
  });

  test("refuses no token and more than 50", () => {
    expect(fieldsOf([])).toEqual(["portfolio"]);
    const many = Array.from({ length: 51 }, (_, index) => ({ symbol: `T${index}`, weight: index < 50 ? 1 : 50 }));
    const quote = () => ({ price: 1, stale: false });
    expect(fieldsOf(many, { quote })).toEqual(["portfolio"]);
    expect(
      fieldsOf(
        many.slice(0, 50).map((one) => ({ ...one, weight: 2 })),
        { quote },
      ),
    ).toEqual([]);
  });

  test("names the token that was chosen twice, is not allowed or has no price", () => {
    expect(fieldsOf(choices(["SOL", 50], ["SOL", 50]))).toEqual(["portfolio[1].symbol"]);
    expect(fieldsOf(choices(["SOL", 50], ["BTC", 50]), { allowed: ["SOL"] })).toEqual(["portfolio[1].symbol"]);
    expect(fieldsOf(choices(["NEW", 100]))).toEqual(["portfolio[0].symbol"]);
  });

  test("refuses a stale price only if the portfolio is bought now", () => {
    expect(fieldsOf(choices(["OLD", 100]))).toEqual([]);
    expect(fieldsOf(choices(["OLD", 100]), { isTrade: true })).toEqual(["portfolio[0].symbol"]);
  });

  test.each([undefined, 0, -1, 1.5, 101])("refuses the weight %s", (weight) => {
    expect(fieldsOf(choices(["SOL", weight], ["BTC", 100]))).toContain("portfolio[0].weight");
  });

  test("refuses weights that do not add up to 100", () => {
    expect(fieldsOf(choices(["SOL", 60], ["BTC", 39]))).toEqual(["portfolio"]);
    expect(fieldsOf(choices(["SOL", 60], ["BTC", 41]))).toEqual(["portfolio"]);
  });
});

describe("filling up", () => {
  test("gives what is left to the tokens without a weight, in equal parts", () => {
    expect(fillUp(choices(["A", 40], ["B"], ["C"])).map(({ weight }) => weight)).toEqual([40, 30, 30]);
    expect(fillUp(choices(["A"], ["B"], ["C"])).map(({ weight }) => weight)).toEqual([34, 33, 33]);
  });

  test("changes all weights in proportion if each token has one", () => {
    expect(fillUp(choices(["A", 20], ["B", 20])).map(({ weight }) => weight)).toEqual([50, 50]);
    expect(fillUp(choices(["A", 90], ["B", 90])).map(({ weight }) => weight)).toEqual([50, 50]);
  });

  test("keeps weights that add up", () => {
    const full = choices(["A", 60], ["B", 40]);
    expect(fillUp(full)).toEqual(full);
  });

  test.each([1, 2, 3, 7, 49, 50])("makes %i tokens add up to 100, each at least 1", (count) => {
    const filled = fillUp(
      Array.from({ length: count }, (_, index) => ({ symbol: `T${index}`, weight: 1 + (index % 97) })),
    );
    expect(sum(filled)).toBe(100);
    expect(Math.min(...filled.map(({ weight }) => weight!))).toBeGreaterThanOrEqual(1);
  });

  test("makes room for tokens without a weight if nothing is left", () => {
    const filled = fillUp(choices(["A", 100], ["B"]));
    expect(sum(filled)).toBe(100);
    expect(filled[1]!.weight).toBeGreaterThanOrEqual(1);
  });

  test("ignores weights that are none", () => {
    expect(fillUp(choices(["A", 1.5], ["B", 50])).map(({ weight }) => weight)).toEqual([50, 50]);
  });
});

describe("the effect of a change", () => {
  const quote = (symbol: string) => PRICES[symbol];

  test("buys and sells at the present prices, and the value stays the same", () => {
    const lines = effect([{ symbol: "SOL", quantity: 10 }], choices(["BTC", 50], ["SOL", 50]), quote, 1000);
    expect(lines).toEqual([
      { symbol: "BTC", price: 50_000, value: 0, share: 0, nextWeight: 50, nextValue: 500, traded: 0.01 },
      { symbol: "SOL", price: 100, value: 1000, share: 100, nextWeight: 50, nextValue: 500, traded: -5 },
    ]);
  });

  test("does not trade what differs by rounding alone", () => {
    const held = [{ symbol: "SOL", quantity: 10 * (1 + 1e-14) }];
    expect(effect(held, choices(["SOL", 100]), quote, 1000)[0]!.traded).toBe(0);
  });

  test("has no values for a token without a price", () => {
    expect(effect([], choices(["NEW", 100]), quote, 1000)[0]).toMatchObject({
      nextValue: undefined,
      traded: undefined,
    });
    expect(valueOf([{ symbol: "NEW", quantity: 1 }], quote)).toBeUndefined();
  });
});

test("a draft is read only if it has the form of one", () => {
  expect(parseChoices('[{"symbol":"SOL","weight":60},{"symbol":"BTC"}]')).toEqual(
    choices(["SOL", 60], ["BTC", undefined]),
  );
  for (const text of ["", "{", "{}", "[null]", "[1]", '[{"weight":1}]']) expect(parseChoices(text)).toBeUndefined();
});
