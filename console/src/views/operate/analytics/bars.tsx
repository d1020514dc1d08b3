import type { ReactNode } from "react";
import { count } from "../../../app/format";
import { operateTexts } from "../../../app/texts/operate";

const HEIGHT = 80;

/** A bar for each of the last minutes, the present one at the end. */
export function Bars({ values }: { values: readonly number[] }): ReactNode {
  const largest = Math.max(1, ...values);
  const label = operateTexts.analytics.bars(values.at(-1) ?? 0, count(Math.max(0, ...values)));
  return (
    <svg
      className="bars"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${Math.max(1, values.length)} ${HEIGHT}`}
      preserveAspectRatio="none"
    >
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max(2, (value / largest) * HEIGHT);
        // Each position is a minute: the bars have no other identity.
        // oxlint-disable-next-line react/no-array-index-key
        return <rect key={index} x={index + 0.1} width={0.8} y={HEIGHT - height} height={height} />;
      })}
    </svg>
  );
}
