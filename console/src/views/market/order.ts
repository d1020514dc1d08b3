import type { Price } from "@duelcast/client/types";

/** A column by which the market can be sorted. */
export type Column = "symbol" | "price" | "change" | "volume";

/** A column and its direction. */
export interface Sort {
  readonly column: Column;
  readonly isDescending: boolean;
}

const VALUES: Readonly<Record<Exclude<Column, "symbol">, (one: Price) => number | null>> = {
  price: (one) => one.price,
  change: (one) => one.change_24h,
  volume: (one) => one.volume_24h,
};

/** The symbols that match a search, pinned ones first; those without a value come last in either direction. */
export function order(
  prices: ReadonlyMap<string, Price>,
  { column, isDescending }: Sort,
  search: string,
  pinned: ReadonlySet<string>,
): string[] {
  const sign = isDescending ? -1 : 1;
  const wanted = search.trim().toUpperCase();

  function compare(a: Price, b: Price): number {
    const byPin = Number(pinned.has(b.symbol)) - Number(pinned.has(a.symbol));
    if (byPin !== 0) return byPin;
    const byName = a.symbol < b.symbol ? -1 : 1;
    if (column === "symbol") return sign * byName;
    const [one, other] = [VALUES[column](a), VALUES[column](b)];
    if (one === other) return byName;
    if (one === null || other === null) return one === null ? 1 : -1;
    return sign * (one - other);
  }

  return [...prices.values()]
    .filter(({ symbol }) => symbol.includes(wanted))
    .sort(compare)
    .map(({ symbol }) => symbol);
}
