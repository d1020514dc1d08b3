import type { ReactNode } from "react";
import { age, moment, NONE } from "../app/format";
import { useNow } from "../app/now";

interface Props {
  /** A moment in ISO-8601. */
  readonly at: string | null | undefined;
  /** Shown if there is no such moment. */
  readonly none?: string;
}

/** How long ago something was; the whole date is shown on hovering. */
export function Ago({ at, none = NONE }: Props): ReactNode {
  const now = useNow();
  if (at === null || at === undefined) return none;
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={moment(ms)}>
      {age(now, ms)}
    </time>
  );
}
