import type { Price } from "@duelcast/client/types";
import { useState, type ReactNode } from "react";
import { age, change, direction, price } from "../app/format";
import { useNow } from "../app/now";
import { texts } from "../app/texts";

/** A price, which flashes when it changes. */
export function Quote({ value }: { value: number | undefined }): ReactNode {
  const [seen, setSeen] = useState({ value, moved: "flat", changes: 0 });
  if (value !== seen.value) {
    const moved = seen.value === undefined || value === undefined ? "flat" : direction(value - seen.value);
    setSeen({ value, moved, changes: seen.changes + 1 });
  }
  // A new element, so that the animation begins anew.
  return (
    <span key={seen.changes} className="quote" data-moved={seen.moved}>
      {price(value)}
    </span>
  );
}

/** A change in per cent, as sign and colour. */
export function Change({ value }: { value: number | null | undefined }): ReactNode {
  return <span data-direction={direction(value)}>{change(value)}</span>;
}

/** How old a price is, and whether its source has gone silent. */
export function PriceAge({ of }: { of: Pick<Price, "timestamp" | "stale"> }): ReactNode {
  const old = age(useNow(), Date.parse(of.timestamp));
  return of.stale ? (
    <span className="tag" data-tone="warn">
      {texts.market.stale} {old}
    </span>
  ) : (
    <time dateTime={of.timestamp}>{old}</time>
  );
}
