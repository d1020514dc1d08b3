import type { LeaderboardRow } from "@duelcast/client/types";
import { memo, type ReactNode } from "react";
import { count, delta, direction, money, NONE } from "../../../app/format";
import { texts } from "../../../app/texts";
import { Name, nameOf } from "../../../parts/name";
import { Change } from "../../../parts/quote";

const { board: words } = texts.contest;

interface Props extends LeaderboardRow {
  /** What they have won; null if nothing, and undefined for a table without prizes. */
  readonly prize?: string | null | undefined;
  readonly isOwn: boolean;
  readonly isFollowed: boolean;
  /** Shows or hides the curve of a wallet. */
  readonly toggle: ((wallet: string) => void) | undefined;
}

/** A participant's row, which renders when one of its figures changes. */
export const Row = memo(function Row({ prize, isOwn, isFollowed, toggle, ...row }: Props): ReactNode {
  const { wallet, rankChange } = row;
  return (
    <tr data-key={wallet} data-own={isOwn ? "" : undefined}>
      <td className="rank">
        {count(row.rank)} {rankChange !== 0 && <RankChange by={rankChange} />}
      </td>
      <th scope="row" className="name">
        {isOwn && <span className="tag">{words.me}</span>}
        {toggle ? (
          <button
            type="button"
            aria-pressed={isFollowed}
            title={words.follow(nameOf(row))}
            onClick={() => toggle(wallet)}
          >
            <Name of={row} />
          </button>
        ) : (
          <Name of={row} />
        )}
      </th>
      <td className="number wide-only">{money(row.value)}</td>
      <td className="number">
        <Change value={row.returnPct} />
      </td>
      {prize !== undefined && <td className="number">{prize ?? NONE}</td>}
    </tr>
  );
});

function RankChange({ by }: { by: number }): ReactNode {
  const ranks = count(Math.abs(by));
  return (
    <span data-direction={direction(by)} title={by > 0 ? words.risen(ranks) : words.fallen(ranks)}>
      {delta(by)}
    </span>
  );
}

/** The headings of the columns. */
export function Head({ hasPrizes = false }: { hasPrizes?: boolean }): ReactNode {
  return (
    <thead>
      <tr>
        <th scope="col" className="rank">
          {words.rank}
        </th>
        <th scope="col" className="name">
          {words.name}
        </th>
        <th scope="col" className="number wide-only">
          {words.value}
        </th>
        <th scope="col" className="number">
          {words.return}
        </th>
        {hasPrizes && (
          <th scope="col" className="number">
            {texts.contest.people.prize}
          </th>
        )}
      </tr>
    </thead>
  );
}
