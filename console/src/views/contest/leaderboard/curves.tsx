import type { LeaderboardRow, Participant } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { money, timeOfDay } from "../../../app/format";
import { texts } from "../../../app/texts";
import { Name, nameOf, type Named } from "../../../parts/name";
import type { History, Sample } from "./history";

const { curves: words } = texts.contest;
const [WIDTH, HEIGHT, EDGE] = [600, 160, 4];
const LEADERS = 3;
/** As many colours as the style sheet has. */
const MAX_LINES = 8;

interface Props {
  readonly history: History;
  readonly rows: readonly LeaderboardRow[];
  readonly own: Participant | undefined;
  readonly followed: ReadonlySet<string>;
}

/** The values of the leaders, of oneself and of those who were chosen, since the page was opened. */
export function Curves({ history, rows, own, followed }: Props): ReactNode {
  const lines = shown(rows, own, followed).map((one) => ({ ...one, samples: history.line(one.wallet) }));
  const samples = lines.flatMap((line) => line.samples);
  if (history.length < 2 || samples.length < 2) return <p className="dim">{words.waiting}</p>;
  const [from, to] = [Math.min(...samples.map(({ at }) => at)), Math.max(...samples.map(({ at }) => at))];
  const [low, high] = [Math.min(...samples.map(({ value }) => value)), Math.max(...samples.map(({ value }) => value))];

  function points(line: readonly Sample[]): string {
    return line
      .map(({ at, value }) => {
        const x = ((at - from) / (to - from || 1)) * WIDTH;
        const y = EDGE + (HEIGHT - 2 * EDGE) * (1 - (value - low) / (high - low || 1));
        return `${x.toFixed(1)},${y.toFixed(1)}`;
      })
      .join(" ");
  }

  return (
    <figure className="curves">
      <figcaption>
        <ul>
          {lines.map((line, index) => (
            <li key={line.wallet} data-line={line.isOwn ? "own" : index}>
              <Name of={line} /> <span className="dim">{money(line.value)}</span>
            </li>
          ))}
        </ul>
      </figcaption>
      <div className="plot">
        <svg
          role="img"
          aria-label={`${words.title}: ${lines.map(nameOf).join(", ")}`}
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
        >
          {lines.map((line, index) => (
            <polyline key={line.wallet} data-line={line.isOwn ? "own" : index} points={points(line.samples)} />
          ))}
        </svg>
        <span className="high">{money(high)}</span>
        <span className="low">{money(low)}</span>
      </div>
      <p className="span dim">
        <span>{words.since(timeOfDay(from))}</span>
        <span>{timeOfDay(to)}</span>
      </p>
    </figure>
  );
}

interface Shown extends Named {
  /** The value that the leaderboard shows. */
  readonly value: number | undefined;
  readonly isOwn: boolean;
}

function shown(rows: readonly LeaderboardRow[], own: Participant | undefined, followed: ReadonlySet<string>): Shown[] {
  const mine = own?.isParticipant === true ? own.walletAddress : undefined;
  const others = rows.filter(({ wallet }, index) => wallet !== mine && (index < LEADERS || followed.has(wallet)));
  const lines: Shown[] = others
    .slice(0, MAX_LINES)
    .map(({ wallet, nickname, value }) => ({ wallet, nickname, value, isOwn: false }));
  if (mine === undefined) return lines;
  const { value } = rows.find(({ wallet }) => wallet === mine) ?? { value: own?.portfolioValue };
  return [{ wallet: mine, nickname: own?.nickname, value, isOwn: true }, ...lines];
}
