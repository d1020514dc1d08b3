import { leaderboard, room } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import type { ContestView } from "@duelcast/client/types";
import { useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { Link } from "wouter";
import { client } from "../../app/session";
import { texts } from "../../app/texts";
import { useTitle } from "../../app/title";
import { LiveState } from "../../parts/live-state";
import { Header } from "./header";
import { History } from "./leaderboard/history";
import { LeaderboardPart } from "./leaderboard/leaderboard";
import { ParticipantsPart } from "./participants/participants";
import { RoomPart } from "./room/room";
import { RulesPart } from "./rules";
import { SettlementPart } from "./settlement";
import { TradePart } from "./trade/trade";

interface Props {
  readonly id: number;
  /** The part of the page that is shown; by default the leaderboard. */
  readonly part: string | undefined;
}

/** A contest. */
export default function Contest({ id, part }: Props): ReactNode {
  if (!Number.isSafeInteger(id) || id < 1) return <h1>{texts.states.notFound}</h1>;
  return <Live id={id} part={part ?? "leaderboard"} />;
}

function Live({ id, part }: { id: number; part: string }): ReactNode {
  const { value: contest, status, error } = useStore(room(client, id), (here) => here.contest);
  const history = useHistory(id);
  const isWide = useIsWide();
  useTitle(contest?.name ?? texts.contest.title);
  // Of a contest that is gone, the room still has what it was.
  if (!contest || error?.code === "CONTEST_NOT_FOUND") {
    return (
      <>
        <h1>{error?.code === "CONTEST_NOT_FOUND" ? texts.contest.unknown : texts.contest.title}</h1>
        {error?.code === "CONTEST_NOT_FOUND" ? (
          <Link href="/contests">{texts.contest.toAll}</Link>
        ) : (
          <LiveState status={status} error={error} />
        )}
      </>
    );
  }
  return (
    <>
      <Header contest={contest} />
      <LiveState status={status} isKnown error={error} />
      <Parts contest={contest} part={part} />
      {part === "leaderboard" ? (
        <div className="contest-beside">
          <LeaderboardPart contest={contest} history={history} />
          {isWide && <RoomPart contest={contest} />}
        </div>
      ) : (
        <Part contest={contest} part={part} />
      )}
    </>
  );
}

function Part({ contest, part }: { contest: ContestView; part: string }): ReactNode {
  switch (part) {
    case "room":
      return <RoomPart contest={contest} />;
    case "trade":
      return <TradePart contest={contest} />;
    case "participants":
      return <ParticipantsPart contest={contest} />;
    case "settlement":
      return <SettlementPart contest={contest} />;
    case "rules":
      return <RulesPart contest={contest} />;
    default:
      return <p className="empty">{texts.states.notFound}</p>;
  }
}

function Parts({ contest: { id, status }, part }: { contest: ContestView; part: string }): ReactNode {
  const { contest: words } = texts;
  const { value: isIn } = useStore(room(client, id), (here) => here.participant?.isParticipant === true);
  const isOpen = status === "pending" || (status === "active" && isIn);
  const parts: readonly (readonly [part: string, name: string])[] = [
    ["leaderboard", words.leaderboard],
    ["room", words.room],
    ...(isOpen ? [["trade", status === "pending" ? words.enter : words.trade] as const] : []),
    ["participants", words.participants],
    ...(status === "completed" || status === "active" ? [["settlement", words.settlement] as const] : []),
    ["rules", words.rules],
  ];
  return (
    <nav className="contest-parts" aria-label={words.parts}>
      {parts.map(([one, name]) => (
        <Link
          key={one}
          href={one === "leaderboard" ? `/contests/${id}` : `/contests/${id}/${one}`}
          aria-current={one === part ? "page" : undefined}
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}

/** The values of the participants while the page is open, from the start of the contest on, whichever part of it is shown. */
function useHistory(id: number): History {
  const [history] = useState(() => new History());
  useEffect(() => {
    const [board, here] = [leaderboard(client, id), room(client, id)];

    function add(): void {
      const shown = board.get();
      const { contest, participant: own } = here.get();
      // A value that is not live may be one of a former database.
      if (!shown || !contest || board.status !== "live") return;
      // Before the start, portfolios have no value but the one that they will be bought for.
      if (Date.parse(shown.updatedAt) < Date.parse(contest.start_time)) return;
      const values = new Map(shown.entries.map(({ wallet, value }) => [wallet, value]));
      // The ranks have their own moment, to which a value from another would not fit.
      if (own?.portfolioValue !== undefined && !values.has(own.walletAddress)) {
        values.set(own.walletAddress, own.portfolioValue);
      }
      history.add(Date.parse(shown.updatedAt), values);
    }

    add();
    return board.subscribe(add);
  }, [id, history]);
  return history;
}

const WIDE = matchMedia("(min-width: 1000px)");

/** Whether the room fits beside the leaderboard. */
function useIsWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      WIDE.addEventListener("change", listener);
      return () => WIDE.removeEventListener("change", listener);
    },
    () => WIDE.matches,
  );
}
