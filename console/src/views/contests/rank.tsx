import { useStore } from "@duelcast/client/react";
import type { ContestView, Participant } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { amount, count, NONE } from "../../app/format";
import { texts } from "../../app/texts";
import { participant } from "../../data/participant";
import { Change } from "../../parts/quote";

interface Props {
  readonly contest: Pick<ContestView, "id" | "currency">;
  /** The user's row when it was read. */
  readonly own: Participant;
}

/** The user's rank and return: live as long as they can change. */
export function Rank({ contest, own }: Props): ReactNode {
  const isFinal = own.status === "finished" || own.status === "disqualified";
  return isFinal ? <Shown contest={contest} own={own} /> : <Live contest={contest} own={own} />;
}

function Live({ contest, own }: Props): ReactNode {
  const { value = own } = useStore(participant(own.walletAddress, contest.id));
  return <Shown contest={contest} own={value} />;
}

function Shown({ contest, own }: Props): ReactNode {
  if (own.status === "disqualified") return <span data-tone="bad">{texts.contests.disqualified}</span>;
  const rank = own.finalRank ?? own.rank;
  if (rank === undefined || rank === null) return NONE;
  const all = own.totalParticipants;
  return (
    <>
      <b>{all === undefined ? count(rank) : texts.contests.of(count(rank), count(all))}</b>{" "}
      {own.returnPct !== undefined && <Change value={own.returnPct} />}
      {own.prize !== undefined && <div className="good">{texts.contests.won(amount(own.prize, contest.currency))}</div>}
    </>
  );
}
