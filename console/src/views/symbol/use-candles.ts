import { market } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import type { Candle, Price } from "@duelcast/client/types";
import { useEffect, useEffectEvent, useState } from "react";
import { serverNow } from "../../app/now";
import { client } from "../../app/session";
import { useReading, type Reading } from "../../data/reading";
import { useWhenBack } from "../../data/when-back";
import { extended, spanStart, type Interval } from "./candles";

interface Folded {
  readonly interval: Interval;
  /** The candles that were read, before prices came. */
  readonly base: readonly Candle[] | undefined;
  readonly price: Price | undefined;
  readonly candles: readonly Candle[] | undefined;
}

/** The candles of a symbol, of which the newest one moves with the price; undefined until they have arrived. */
export interface Candles extends Pick<Reading<unknown>, "error" | "isLoading" | "at" | "again"> {
  readonly candles: readonly Candle[] | undefined;
}

export function useCandles(symbol: string, interval: Interval): Candles {
  const { value: price, status } = useStore(market(client, symbol).at(symbol));
  const [span, setSpan] = useState(() => ({ interval, from: spanStart(interval, serverNow()) }));
  if (span.interval !== interval) setSpan({ interval, from: spanStart(interval, serverNow()) });
  const { value, error, isLoading, at, again } = useReading("GET /api/v69/tokens/{symbol}/history", {
    parameters: { symbol, ...span },
  });
  const [folded, setFolded] = useState<Folded>({ interval, base: undefined, price: undefined, candles: undefined });
  const before = folded.interval === interval ? folded : undefined;
  // While the candles are read again, those from before stay.
  const base = value?.data ?? before?.base;
  if (!before || base !== before.base || price !== before.price) {
    const from = base === before?.base ? before?.candles : base;
    setFolded({ interval, base, price, candles: from && price ? extended(from, interval, price) : from });
  }

  // A hidden page and a lost connection miss prices between the ones that they see.
  function readAnew(): void {
    setSpan({ interval, from: spanStart(interval, serverNow()) });
    again();
  }
  useWhenBack(status, (was) => {
    if (was === "stale" || error) readAnew();
  });
  const onVisible = useEffectEvent(readAnew);
  useEffect(() => {
    const look = (): void => {
      if (document.visibilityState === "visible") onVisible();
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);

  return { candles: before?.candles, error, isLoading, at, again };
}
