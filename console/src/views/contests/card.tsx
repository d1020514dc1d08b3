import type { ContestView, Participant } from "@duelcast/client/types";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { amount, count, moment } from "../../app/format";
import { useNow } from "../../app/now";
import { texts } from "../../app/texts";
import { Countdown } from "../../parts/countdown";
import { Fact } from "../../parts/fact";
import { prizes } from "./prizes";
import { Rank } from "./rank";

interface Props {
  readonly contest: ContestView;
  /** The user's row if they entered. */
  readonly own: Participant | undefined;
}

/** A contest that is not over. */
export const Card = memo(function Card({ contest, own }: Props): ReactNode {
  const { id, name, status, start_time, end_time, prize_pool, currency, entry_fee } = contest;
  const isLive = status === "active";
  const won = prizes(contest);
  return (
    <li className="card">
      <header>
        <h3>
          <Link href={`/contests/${id}`}>
            <bdi>{name}</bdi>
          </Link>
        </h3>
        {own && (
          <span className="tag" data-tone="good">
            {texts.contests.entered}
          </span>
        )}
        {!isLive && isFull(contest) && <span className="tag">{texts.contests.full}</span>}
      </header>
      {isLive ? (
        <>
          <Countdown to={end_time} label={texts.contests.endsIn} over={texts.contests.ending} />
          <Elapsed from={start_time} to={end_time} />
        </>
      ) : (
        <>
          <Countdown to={start_time} label={texts.contests.startsIn} over={texts.contests.starting} />
          <p className="dim">{moment(Date.parse(start_time))}</p>
        </>
      )}
      <dl className="facts">
        <Fact name={texts.contests.prizePool}>{amount(prize_pool, currency)}</Fact>
        <Fact name={texts.contests.entries}>{entries(contest)}</Fact>
        {isLive ? (
          <Fact name={texts.contests.spectators}>{count(contest.spectatorCount)}</Fact>
        ) : (
          <Fact name={texts.contests.fee}>
            {Number(entry_fee) === 0 ? texts.contests.free : amount(entry_fee, currency)}
          </Fact>
        )}
        {isLive && own && (
          <Fact name={texts.contests.rank}>
            <Rank contest={contest} own={own} />
          </Fact>
        )}
      </dl>
      {won !== "" && <p className="dim">{won}</p>}
    </li>
  );
});

/** How much of a contest is over. The countdown beside it says so to screen readers. */
function Elapsed({ from, to }: { from: string; to: string }): ReactNode {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  return <progress aria-hidden="true" value={Math.max(0, useNow() - start)} max={end - start} />;
}

function isFull({ participantCount, max_participants }: ContestView): boolean {
  return max_participants !== null && participantCount >= max_participants;
}

function entries({ status, participantCount, min_participants, max_participants }: ContestView): string {
  const some = count(participantCount);
  const all = max_participants === null ? some : texts.contests.of(some, count(max_participants));
  const isShort = status === "pending" && participantCount < min_participants;
  return isShort ? `${all}, ${texts.contests.needs(count(min_participants))}` : all;
}
