import type { Candle, Price } from "@duelcast/client/types";

/** The lengths of a candle that the server offers, in milliseconds. */
export const INTERVALS = {
  "1m": 60_000,
  "5m": 300_000,
  "15m": 900_000,
  "1h": 3_600_000,
  "4h": 14_400_000,
  "1d": 86_400_000,
} as const;

/** The length of a candle. */
export type Interval = keyof typeof INTERVALS;

/** How many candles are shown. */
export const MAX_CANDLES = 240;

/** The beginning of the span that is shown, as an ISO-8601 time. */
export function spanStart(interval: Interval, nowMs: number): string {
  const length = INTERVALS[interval];
  return new Date((Math.floor(nowMs / length) - MAX_CANDLES + 1) * length).toISOString();
}

/** Candles with a price that came after they were read: it moves the newest one, or begins the next. */
export function extended(
  candles: readonly Candle[],
  interval: Interval,
  { price, timestamp }: Pick<Price, "price" | "timestamp">,
): readonly Candle[] {
  const length = INTERVALS[interval];
  const begin = Math.floor(Date.parse(timestamp) / length) * length;
  const last = candles.at(-1);
  const lastBegin = last ? Date.parse(last.timestamp) : -Infinity;
  if (begin < lastBegin) return candles;
  if (last === undefined || begin > lastBegin) {
    const next = { timestamp: new Date(begin).toISOString(), open: price, high: price, low: price, close: price };
    return [...candles, next].slice(-MAX_CANDLES);
  }
  if (last.close === price) return candles;
  const moved = { ...last, high: Math.max(last.high, price), low: Math.min(last.low, price), close: price };
  return [...candles.slice(0, -1), moved];
}

/** What a chart shows, for those who do not see it. */
export interface Summary {
  readonly open: number;
  readonly close: number;
  readonly high: number;
  readonly low: number;
  readonly fromMs: number;
  /** The beginning of the newest candle. */
  readonly toMs: number;
}

/** The extremes of candles; undefined without any. */
export function summary(candles: readonly Candle[]): Summary | undefined {
  const [first, last] = [candles[0], candles.at(-1)];
  if (!first || !last) return undefined;
  return {
    open: first.open,
    close: last.close,
    high: Math.max(...candles.map(({ high }) => high)),
    low: Math.min(...candles.map(({ low }) => low)),
    fromMs: Date.parse(first.timestamp),
    toMs: Date.parse(last.timestamp),
  };
}
