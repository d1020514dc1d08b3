import { leaderboard, room } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import type { ContestView, LeaderboardRow, Participant } from "@duelcast/client/types";
import { useCallback, useMemo, useRef, useState, type ReactNode } from "react";
import { amount, count } from "../../../app/format";
import { client } from "../../../app/session";
import { texts } from "../../../app/texts";
import { LiveState } from "../../../parts/live-state";
import { Around } from "./around";
import { Curves } from "./curves";
import type { History } from "./history";
import { prizesOf } from "./prizes";
import { Head, Row } from "./row";
import { useMoves } from "./use-moves";

const { board: words } = texts.contest;
const ROW_HEIGHT = 44;
const NOBODY: readonly LeaderboardRow[] = [];

interface Props {
  readonly contest: ContestView;
  readonly history: History;
}

/** The first 100 ranks as they change, the places around one's own, and the curves of some. */
export function LeaderboardPart({ contest, history }: Props): ReactNode {
  const { value: board, status, error } = useStore(leaderboard(client, contest.id));
  const { value: own } = useStore(room(client, contest.id), (here) => here.participant);
  const [followed, toggle] = useFollowed();
  const body = useRef<HTMLTableSectionElement>(null);
  const around = useRef<HTMLDivElement>(null);
  const rows = board?.entries ?? NOBODY;
  const order = useMemo(() => rows.map(({ wallet }) => wallet), [rows]);
  useMoves(body, order, ROW_HEIGHT);
  const place = own?.isParticipant === true ? order.indexOf(own.walletAddress) : -1;
  const isBeyond = own !== undefined && place === -1 && typeof own.rank === "number" && rows.length > 0;
  // Those of a contest that has ended stay as long as the page.
  // The last change of a rank is of no interest once they are final.
  const isOver = contest.status === "completed";
  const prizes = prizesOf(contest, rows, board?.total ?? 0);
  const hasPrizes = prizes.size > 0;
  const hasCurves = contest.status === "active" || (isOver && history.length > 1);

  function won(prize: number | string | undefined): string | null {
    return prize === undefined ? null : amount(prize, contest.currency);
  }

  function jump(): void {
    const section = body.current;
    if (!section) return;
    if (isBeyond) {
      around.current?.scrollIntoView({ block: "center" });
      around.current?.focus();
      return;
    }
    // The row itself may be held at the edge of the window.
    const top = section.getBoundingClientRect().top + place * ROW_HEIGHT;
    scrollBy({ top: top - innerHeight / 2 });
    section.rows[place]?.querySelector("button")?.focus({ preventScroll: true });
  }

  return (
    <section className="leaderboard" aria-label={texts.contest.leaderboard}>
      {status !== "stale" && <LiveState status={status} isKnown={board !== undefined} error={error} />}
      {hasCurves && <Curves history={history} rows={rows} own={own} followed={followed} />}
      {board && (
        <div className="view">
          <p className="dim">
            {board.total > rows.length ? words.top(count(rows.length), count(board.total)) : words.all(board.total)}
          </p>
          {(place !== -1 || isBeyond) && (
            <button type="button" className="end" onClick={jump}>
              {words.jump}
            </button>
          )}
        </div>
      )}
      {rows.length > 0 && (
        <table className="rows board" data-status={status}>
          <Head hasPrizes={hasPrizes} />
          <tbody ref={body}>
            {rows.map((row, index) => (
              <Row
                key={row.wallet}
                {...row}
                rankChange={isOver ? 0 : row.rankChange}
                prize={hasPrizes ? won(prizes.get(row.wallet)) : undefined}
                isOwn={index === place}
                isFollowed={followed.has(row.wallet)}
                toggle={hasCurves ? toggle : undefined}
              />
            ))}
          </tbody>
          {isBeyond && (
            <tfoot>
              <Row
                {...rowOf(own)}
                prize={hasPrizes ? won(own.prize) : undefined}
                isOwn
                isFollowed={false}
                toggle={undefined}
              />
            </tfoot>
          )}
        </table>
      )}
      {board && rows.length === 0 && <p className="empty">{words.empty}</p>}
      {isBeyond && <Around key={contest.status} contest={contest} wallet={own.walletAddress} focus={around} />}
    </section>
  );
}

/** One's own row, which the first ranks do not contain. */
function rowOf(own: Participant): LeaderboardRow {
  return {
    rank: own.rank ?? 0,
    wallet: own.walletAddress,
    nickname: own.nickname ?? null,
    value: own.portfolioValue ?? 0,
    returnPct: own.returnPct ?? 0,
    rankChange: 0,
    entryTime: own.entryTime ?? "",
  };
}

/** The wallets whose curves the user has chosen, besides those that are always shown. */
function useFollowed(): readonly [ReadonlySet<string>, (wallet: string) => void] {
  const [followed, setFollowed] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((wallet: string) => {
    setFollowed((before) => {
      const next = new Set(before);
      if (!next.delete(wallet)) next.add(wallet);
      return next;
    });
  }, []);
  return [followed, toggle];
}
