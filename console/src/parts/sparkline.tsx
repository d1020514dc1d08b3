import type { ReactNode } from "react";

const [WIDTH, HEIGHT] = [96, 24];

/** A line without axes; decoration beside numbers, so that screen readers skip it. */
export function Sparkline({ values }: { values: readonly number[] }): ReactNode {
  if (values.length < 2) return <svg className="sparkline" aria-hidden="true" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} />;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const range = high - low || 1;
  const step = WIDTH / (values.length - 1);
  const points = values.map((value, index) => {
    const y = 1 + (HEIGHT - 2) * (1 - (value - low) / range);
    return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
  });
  const trend = values.at(-1)! >= values[0]! ? "up" : "down";
  return (
    <svg
      className="sparkline"
      data-direction={trend}
      aria-hidden="true"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
    >
      <polyline points={points.join(" ")} />
    </svg>
  );
}
