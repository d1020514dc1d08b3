import type { ContestView } from "@duelcast/client/types";
import type { ReactNode, RefObject } from "react";
import { texts } from "../../../app/texts";
import { useReading } from "../../../data/reading";
import { LiveState } from "../../../parts/live-state";
import { Head, Row } from "./row";

const REFRESH_MS = 5000;
const ROWS = 21;

interface Props {
  readonly contest: ContestView;
  readonly wallet: string;
  readonly focus: RefObject<HTMLDivElement | null>;
}

/** The ranks before and after a wallet that is not among the first. */
export function Around({ contest, wallet, focus }: Props): ReactNode {
  const { value, status, error, at, again } = useReading(
    "GET /api/v69/contests/{contest_id}/leaderboard",
    { parameters: { contest_id: contest.id, around: wallet, limit: ROWS } },
    contest.status === "active" ? REFRESH_MS : undefined,
  );

  return (
    <div ref={focus} tabIndex={-1} className="around">
      <h2>{texts.contest.board.around}</h2>
      <LiveState status={status} error={error} at={at} retry={again} />
      {value && (
        <table className="rows board">
          <Head />
          <tbody>
            {value.entries.map((row) => (
              <Row
                key={row.wallet}
                {...row}
                rankChange={contest.status === "completed" ? 0 : row.rankChange}
                isOwn={row.wallet === wallet}
                isFollowed={false}
                toggle={undefined}
              />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
