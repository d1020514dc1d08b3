import { useStore } from "@duelcast/client/react";
import type { Participant } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { count, NONE } from "../../app/format";
import { texts } from "../../app/texts";
import { participant } from "../../data/participant";
import { Change } from "../../parts/quote";

interface Props {
  readonly contestId: number;
  /** The user's row when it was read. */
  readonly own: Participant;
}

/** The user's rank and return: live as long as they can change. */
export function Rank({ contestId, own }: Props): ReactNode {
  const isFinal = own.status === "finished" || own.status === "disqualified";
  return isFinal ? <Shown own={own} /> : <Live contestId={contestId} own={own} />;
}

function Live({ contestId, own }: Props): ReactNode {
  const { value = own } = useStore(participant(own.walletAddress, contestId));
  return <Shown own={value} />;
}

function Shown({ own }: { own: Participant }): ReactNode {
  if (own.status === "disqualified") return <span data-tone="bad">{texts.contests.disqualified}</span>;
  const rank = own.finalRank ?? own.rank;
  if (rank === undefined || rank === null) return NONE;
  const all = own.totalParticipants;
  return (
    <>
      <b>{all === undefined ? count(rank) : texts.contests.of(count(rank), count(all))}</b>{" "}
      {own.returnPct !== undefined && <Change value={own.returnPct} />}
    </>
  );
}
