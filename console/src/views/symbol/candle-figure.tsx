import type { Candle } from "@duelcast/client/types";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { direction, moment, price } from "../../app/format";
import { texts } from "../../app/texts";
import { ErrorBoundary } from "../../parts/error-boundary";
import { LiveState } from "../../parts/live-state";
import { CandleTable } from "./candle-table";
import { INTERVALS, summary, type Interval } from "./candles";
import { useCandles } from "./use-candles";

const CandleChart = lazy(() => import("./candle-chart"));

/** The candles of a symbol, as a chart and as a table. */
export function CandleFigure({ symbol }: { symbol: string }): ReactNode {
  const [interval, setInterval] = useState<Interval>("1m");
  const { candles, error, isLoading, at, again } = useCandles(symbol, interval);
  const [pointed, setPointed] = useState<number>();
  return (
    <figure className="candles">
      <figcaption className="view">
        <div role="group" aria-label={texts.symbol.interval} className="choice">
          {(Object.keys(INTERVALS) as Interval[]).map((one) => (
            <button key={one} type="button" aria-pressed={one === interval} onClick={() => setInterval(one)}>
              {one}
            </button>
          ))}
        </div>
        {candles && <Readout of={candles[pointed ?? candles.length - 1] ?? candles.at(-1)} />}
      </figcaption>
      {error && <LiveState status="stale" error={error} at={at} retry={again} />}
      {!candles && isLoading && (
        <div className="chart">
          <LiveState status="loading" />
        </div>
      )}
      {candles?.length === 0 && <p className="empty">{texts.symbol.noCandles}</p>}
      {candles !== undefined && candles.length > 0 && (
        <>
          <ErrorBoundary>
            <Suspense fallback={<div className="chart" />}>
              <CandleChart
                candles={candles}
                interval={interval}
                label={described(symbol, candles)}
                point={setPointed}
              />
            </Suspense>
          </ErrorBoundary>
          <CandleTable candles={candles} />
        </>
      )}
    </figure>
  );
}

/** The prices of a candle: the one under the pointer, or the newest. */
function Readout({ of }: { of: Candle | undefined }): ReactNode {
  if (!of) return null;
  const values = [
    [texts.symbol.open, of.open],
    [texts.symbol.highest, of.high],
    [texts.symbol.lowest, of.low],
    [texts.symbol.close, of.close],
  ] as const;
  return (
    <p className="readout">
      <span className="dim">{moment(Date.parse(of.timestamp))}</span>
      {values.map(([name, value]) => (
        <span key={name}>
          <span className="dim">{name}</span> <span data-direction={direction(of.close - of.open)}>{price(value)}</span>
        </span>
      ))}
    </p>
  );
}

function described(name: string, candles: readonly Candle[]): string {
  const { open, close, low, high, fromMs, toMs } = summary(candles)!;
  const [from, to] = [moment(fromMs), moment(toMs)];
  return texts.symbol.chart({
    name,
    from,
    to,
    open: price(open),
    close: price(close),
    low: price(low),
    high: price(high),
  });
}
