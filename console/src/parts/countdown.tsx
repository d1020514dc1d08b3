import type { ReactNode } from "react";
import { countdown } from "../app/format";
import { useNow } from "../app/now";

interface Props {
  /** The end, as an ISO-8601 time. */
  readonly to: string;
  /** Shown when no time is left, until the server says more. */
  readonly over?: string;
}

/** The time that is left on the server's clock. It renders alone, once a second. */
export function Left({ to, over = countdown(0) }: Props): ReactNode {
  const left = Date.parse(to) - useNow();
  if (left <= 0) return over;
  return (
    <time role="timer" dateTime={to}>
      {/* The present second has begun already: rounding up would add it to a whole number of minutes. */}
      {countdown(Math.floor(left / 1000) * 1000)}
    </time>
  );
}

/** The time that is left, after a label. */
export function Countdown({ label, ...rest }: Required<Props> & { readonly label: string }): ReactNode {
  const isOver = Date.parse(rest.to) <= useNow();
  return (
    <span className="countdown">
      {!isOver && <span className="dim">{label}</span>} <Left {...rest} />
    </span>
  );
}
