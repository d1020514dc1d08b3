import type { ReactNode } from "react";
import { countdown } from "../app/format";
import { useNow } from "../app/now";

interface Props {
  /** The end, as an ISO-8601 time. */
  readonly to: string;
  /** What comes before the time that is left. */
  readonly label: string;
  /** Shown when no time is left, until the server says more. */
  readonly over: string;
}

/** The time that is left on the server's clock. It renders alone, once a second. */
export function Countdown({ to, label, over }: Props): ReactNode {
  const left = Date.parse(to) - useNow();
  if (left <= 0) return <span className="countdown">{over}</span>;
  return (
    <span className="countdown">
      <span className="dim">{label}</span>{" "}
      <time role="timer" dateTime={to}>
        {countdown(left)}
      </time>
    </span>
  );
}
