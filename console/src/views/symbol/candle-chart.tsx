import type { Candle } from "@duelcast/client/types";
import { useMemo, type ReactNode } from "react";
import UPlot from "uplot";
import { dayOfYear, hourAndMinute, price } from "../../app/format";
import Chart, { type Colors } from "../../parts/chart";
import { INTERVALS, type Interval } from "./candles";

/** So many candles have room beside a single one. */
const FEW = 19;

interface Props {
  readonly candles: readonly Candle[];
  readonly interval: Interval;
  readonly label: string;
  /** Called with the index of the candle under the pointer; undefined without one. */
  readonly point: (index: number | undefined) => void;
}

/** Candles: the body from open to close, the wick from low to high. */
export default function CandleChart({ candles, interval, label, point }: Props): ReactNode {
  const data = useMemo(() => columns(candles), [candles]);
  return <Chart key={interval} data={data} options={(colors) => options(interval, colors, point)} label={label} />;
}

function columns(candles: readonly Candle[]): UPlot.AlignedData {
  return [
    candles.map(({ timestamp }) => Date.parse(timestamp) / 1000),
    candles.map(({ open }) => open),
    candles.map(({ high }) => high),
    candles.map(({ low }) => low),
    candles.map(({ close }) => close),
  ];
}

function options(
  interval: Interval,
  colors: () => Colors,
  point: Props["point"],
): Omit<UPlot.Options, "width" | "height"> {
  const half = INTERVALS[interval] / 2000;
  const axis = { stroke: () => colors().dim, grid: { stroke: () => colors().line, width: 1 }, ticks: { show: false } };
  const hidden = { paths: () => null, points: { show: false } };
  return {
    padding: [14, 0, 0, 12],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { range: ({ data: [times] }) => span(times, half) } },
    axes: [
      {
        ...axis,
        size: 32,
        space: 70,
        values: (_, splits) => splits.map((seconds, index) => time(seconds, splits[index - 1])),
      },
      { ...axis, side: 1, size: 76, values: (_, splits) => splits.map((value) => price(value)) },
    ],
    series: [{}, hidden, hidden, hidden, hidden],
    hooks: {
      draw: [(plot) => draw(plot, colors(), half)],
      setCursor: [({ cursor }) => point(cursor.idx ?? undefined)],
    },
  };
}

/** The seconds from the first candle to the last one, with room for a few at least. */
function span(times: ArrayLike<number>, half: number): [from: number, to: number] {
  const last = times[times.length - 1]!;
  return [Math.min(times[0]!, last - FEW * 2 * half) - half, last + half];
}

/** The time of an axis: the day at midnight and where a day begins, otherwise the time of day. */
function time(seconds: number, before: number | undefined): string {
  const date = new Date(seconds * 1000);
  const isNewDay = before !== undefined && date.getDate() !== new Date(before * 1000).getDate();
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  return isNewDay || isMidnight ? dayOfYear(date.getTime()) : hourAndMinute(date.getTime());
}

function draw(plot: UPlot, { good, bad }: Colors, half: number): void {
  const { ctx, data } = plot;
  const [times, opens, highs, lows, closes] = data as [number[], number[], number[], number[], number[]];
  const pixel = UPlot.pxRatio;
  const room = plot.valToPos(half * 2, "x", true) - plot.valToPos(0, "x", true);
  const width = Math.max(pixel, Math.min(14 * pixel, Math.floor(room * 0.7)));
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
  ctx.clip();
  times.forEach((seconds, index) => {
    const [open, close] = [opens[index]!, closes[index]!];
    const x = Math.round(plot.valToPos(seconds, "x", true));
    const y = (value: number): number => Math.round(plot.valToPos(value, "y", true));
    const [top, bottom] = [y(Math.max(open, close)), y(Math.min(open, close))];
    ctx.fillStyle = close < open ? bad : good;
    ctx.fillRect(
      x - Math.floor(pixel / 2),
      y(highs[index]!),
      Math.max(1, Math.round(pixel)),
      y(lows[index]!) - y(highs[index]!),
    );
    ctx.fillRect(Math.round(x - width / 2), top, width, Math.max(pixel, bottom - top));
  });
  ctx.restore();
}
