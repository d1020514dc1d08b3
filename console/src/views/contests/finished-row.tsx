import type { ContestView, Participant } from "@duelcast/client/types";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { amount, count, moment, NONE } from "../../app/format";
import { endedAt } from "./phases";
import { Rank } from "./rank";

interface Props {
  readonly contest: ContestView;
  readonly hasRank: boolean;
  /** The user's row if they entered. */
  readonly own: Participant | undefined;
}

/** A contest that is over. */
export const FinishedRow = memo(function FinishedRow({ contest, hasRank, own }: Props): ReactNode {
  const ended = endedAt(contest);
  return (
    <tr>
      <th scope="row">
        <Link href={`/contests/${contest.id}`}>
          <bdi>{contest.name}</bdi>
        </Link>
        <div className="dim">
          <time dateTime={new Date(ended).toISOString()}>{moment(ended)}</time>
          {contest.cancellation_reason !== null && (
            <>
              {" · "}
              <bdi>{contest.cancellation_reason}</bdi>
            </>
          )}
        </div>
      </th>
      <td className="number wide-only">{amount(contest.prize_pool, contest.currency)}</td>
      <td className="number wide-only">{count(contest.participantCount)}</td>
      {hasRank && <td className="number">{own ? <Rank contest={contest} own={own} /> : NONE}</td>}
    </tr>
  );
});
