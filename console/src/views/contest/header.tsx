import { leaderboard, room } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import type { ContestView, Participant } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { amount, count, moment } from "../../app/format";
import { client } from "../../app/session";
import { texts } from "../../app/texts";
import { Left } from "../../parts/countdown";
import { Fact } from "../../parts/fact";
import { Change } from "../../parts/quote";
import { Sentence } from "../../parts/sentence";
import { endedAt } from "../contests/phases";

const { contest: words, contests: phases } = texts;
const TONES: Readonly<Record<string, string>> = { active: "good", cancelled: "bad" };

/** What is always shown of a contest: its name, its state, its figures, and one's own place. */
export function Header({ contest }: { contest: ContestView }): ReactNode {
  // The room knows it at once, while the contest is told from time to time.
  const { value: spectators = contest.spectatorCount } = useStore(
    room(client, contest.id),
    (here) => here.spectatorCount,
  );
  const { value: own } = useStore(room(client, contest.id), (here) => here.participant);
  const { status, max_participants: most } = contest;
  const name = (words.status as Readonly<Record<string, string>>)[status] ?? status;
  return (
    <header className="contest-header">
      <div className="view">
        <h1>
          <bdi>{contest.name}</bdi>
        </h1>
        <span className="tag" data-tone={TONES[status]}>
          {name}
        </span>
        {contest.hasAdminPresence && <span className="tag">{words.adminPresent}</span>}
      </div>
      <dl className="contest-figures">
        <Boundary contest={contest} />
        {Number(contest.prize_pool) > 0 && (
          <Fact name={words.prizePool}>{amount(contest.prize_pool, contest.currency)}</Fact>
        )}
        <Fact name={words.entries}>
          {most === null
            ? count(contest.participantCount)
            : words.entriesOf(count(contest.participantCount), count(most))}
        </Fact>
        <Fact name={words.spectators}>{count(spectators)}</Fact>
        {own?.isParticipant === true && status !== "pending" && <Own own={own} contest={contest} />}
      </dl>
      {status === "cancelled" && (
        <p className="bad">
          {contest.cancellation_reason === null ? (
            words.cancelledWithoutReason
          ) : (
            <Sentence of={words.cancelled} name={contest.cancellation_reason} />
          )}
        </p>
      )}
    </header>
  );
}

/** The time to the next start or end. */
function Boundary({ contest }: { contest: ContestView }): ReactNode {
  const { status, start_time: start, end_time: end } = contest;
  switch (status) {
    case "pending":
      return (
        <Fact name={phases.startsIn}>
          <Left to={start} over={phases.starting} />
        </Fact>
      );
    case "active":
      return (
        <Fact name={phases.endsIn}>
          <Left to={end} over={phases.ending} />
        </Fact>
      );
    case "completed":
      return (
        <Fact name={words.ended}>
          <time dateTime={new Date(endedAt(contest)).toISOString()}>{moment(endedAt(contest))}</time>
        </Fact>
      );
    default:
      return null;
  }
}

function Own({ own, contest: { id, currency } }: { own: Participant; contest: ContestView }): ReactNode {
  // The figures of the leaderboard, which is beside them, are of another moment than those that come alone.
  const { value: row } = useStore(leaderboard(client, id), (board) => {
    return board?.entries.find(({ wallet }) => wallet === own.walletAddress);
  });
  if (own.status === "disqualified") return <Fact name={words.myRank}>{words.disqualified}</Fact>;
  return (
    <>
      <Fact name={words.myRank}>
        {words.rankOf(count((row ?? own).rank), count(own.totalParticipants))} <Change value={(row ?? own).returnPct} />
      </Fact>
      {own.prize !== undefined && <Fact name={words.myPrize}>{amount(own.prize, currency)}</Fact>}
    </>
  );
}
