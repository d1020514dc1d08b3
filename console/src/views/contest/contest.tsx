import type { ReactNode } from "react";

interface Props {
  readonly id: number;
  /** The part of the page that is shown; by default the leaderboard. */
  readonly part: string | undefined;
}

/** A contest. */
export default function Contest({ id }: Props): ReactNode {
  return <h1>{id}</h1>;
}
