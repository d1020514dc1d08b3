import { http } from "@duelcast/client/http";
import type { Live } from "@duelcast/client/react";
import type { ContestView, OwnContest } from "@duelcast/client/types";
import { useRef, useState, type ReactNode } from "react";
import { client } from "../../app/session";
import { texts } from "../../app/texts";
import { usePages } from "../../data/pages";
import { useWhenBack } from "../../data/when-back";
import { LiveState } from "../../parts/live-state";
import { More } from "../../parts/more";
import { Gap, useWindow } from "../../parts/windowed";
import { FinishedRow } from "./finished-row";
import type { OwnContests } from "./own";
import { finished } from "./phases";

const ROW_HEIGHT = 60;
type Filter = keyof typeof texts.contests.filters;

interface Props {
  /** The contests of the default list, which are kept up to date. */
  readonly live: ReadonlyMap<number, ContestView>;
  readonly status: Live<unknown>["status"];
  readonly own: OwnContests;
}

/** The contests that are over, in pages. */
export function Finished({ live, status, own }: Props): ReactNode {
  const [chosen, setFilter] = useState<Filter>("completed");
  const filter = own.wallet === undefined && chosen === "mine" ? "completed" : chosen;
  const read = usePages(filter === "mine" ? undefined : filter, (cursor, signal) =>
    http(client, "GET /api/v69/contests", {
      parameters: { status: filter === "mine" ? undefined : filter, limit: 50, cursor },
      signal,
    }),
  );
  const pages = filter === "mine" ? own.pages : read;
  const rows = filter === "mine" ? over(own.pages.rows ?? [], live) : finished(filter, read.rows ?? [], live);
  useWhenBack(status, () => {
    if (pages.error) pages.more();
  });
  const body = useRef<HTMLTableSectionElement>(null);
  const { first, end } = useWindow(body, rows.length, ROW_HEIGHT);
  const hasRank = own.wallet !== undefined;

  return (
    <section aria-label={texts.contests.finished}>
      <header className="view">
        <h2>{texts.contests.finished}</h2>
        <div role="group" aria-label={texts.contests.filter} className="choice">
          {filters(hasRank).map((one) => (
            <button key={one} type="button" aria-pressed={one === filter} onClick={() => setFilter(one)}>
              {texts.contests.filters[one]}
            </button>
          ))}
        </div>
      </header>
      {pages.rows && !pages.error && <LiveState status={pages.status} at={pages.at} />}
      {rows.length > 0 && (
        <table className="rows finished">
          <thead>
            <tr>
              <th scope="col">{texts.contests.contest}</th>
              <th scope="col" className="number wide-only">
                {texts.contests.prizePool}
              </th>
              <th scope="col" className="number wide-only">
                {texts.contests.entries}
              </th>
              {hasRank && (
                <th scope="col" className="number">
                  {texts.contests.rank}
                </th>
              )}
            </tr>
          </thead>
          <tbody ref={body}>
            <Gap rows={first} rowHeight={ROW_HEIGHT} />
            {rows.slice(first, end).map((one) => (
              <FinishedRow key={one.id} contest={one} hasRank={hasRank} own={own.byContest.get(one.id)} />
            ))}
            <Gap rows={rows.length - end} rowHeight={ROW_HEIGHT} />
          </tbody>
        </table>
      )}
      {pages.rows && rows.length === 0 && !pages.hasMore && <p className="none">{texts.contests.none[filter]}</p>}
      <More pages={pages} label={texts.contests.more} />
    </section>
  );
}

function filters(hasOwn: boolean): Filter[] {
  return hasOwn ? ["completed", "cancelled", "mine"] : ["completed", "cancelled"];
}

/** Those of the user's contests that are over, newest entry first. */
function over(rows: readonly OwnContest[], live: ReadonlyMap<number, ContestView>): ContestView[] {
  return rows
    .map(({ contest }) => live.get(contest.id) ?? contest)
    .filter(({ status }) => status === "completed" || status === "cancelled");
}
