import type { ContestView } from "@duelcast/client/types";
import { useRef, useState, type ReactNode } from "react";
import { count, money, moment } from "../../../app/format";
import { isOperator, user } from "../../../app/session";
import { useSignal } from "../../../app/signal";
import { texts } from "../../../app/texts";
import { LiveState } from "../../../parts/live-state";
import { Name, nameOf, type Named } from "../../../parts/name";
import { Change } from "../../../parts/quote";
import { Gap, useWindow } from "../../../parts/windowed";
import { Details } from "./details";
import { useRows } from "./use-rows";

const { board: words, people } = texts.contest;
const ROW_HEIGHT = 44;

/** All participants by rank. Whoever may see portfolios opens them from here. */
export function ParticipantsPart({ contest }: { contest: ContestView }): ReactNode {
  const body = useRef<HTMLTableSectionElement>(null);
  const me = useSignal(user);
  const [open, setOpen] = useState<Named>();
  const visible = useWindow(body, contest.participantCount, ROW_HEIGHT);
  const isOver = contest.status !== "pending" && contest.status !== "active";
  const { total, row, status, at, error, again } = useRows(contest.id, visible, isOver);
  const maySeeAll = contest.status === "completed" || isOperator(me);
  const all = Math.min(total ?? 0, contest.participantCount);
  const end = Math.min(visible.end, all);
  const first = Math.min(visible.first, end);

  return (
    <section aria-label={texts.contest.participants}>
      <LiveState status={status} error={error} at={at} retry={again} />
      {all > 0 && (
        <table className="rows people" aria-rowcount={all + 1}>
          <thead>
            <tr>
              <th scope="col" className="rank">
                {words.rank}
              </th>
              <th scope="col" className="name">
                {words.name}
              </th>
              <th scope="col" className="wide-only">
                {words.entered}
              </th>
              <th scope="col" className="number wide-only">
                {words.value}
              </th>
              <th scope="col" className="number">
                {words.return}
              </th>
            </tr>
          </thead>
          <tbody ref={body}>
            <Gap rows={first} rowHeight={ROW_HEIGHT} />
            {Array.from({ length: end - first }, (_, offset) => {
              const index = first + offset;
              const one = row(index);
              if (!one) return <Gap key={index} rows={1} rowHeight={ROW_HEIGHT} />;
              const isOwn = one.wallet === me?.wallet_address;
              return (
                <tr key={index} aria-rowindex={index + 2} data-own={isOwn ? "" : undefined}>
                  <td className="rank">{count(one.rank)}</td>
                  <th scope="row" className="name">
                    {isOwn && <span className="tag">{words.me}</span>}
                    {maySeeAll || isOwn ? (
                      <button type="button" title={people.details(nameOf(one))} onClick={() => setOpen(one)}>
                        <Name of={one} />
                      </button>
                    ) : (
                      <Name of={one} />
                    )}
                  </th>
                  <td className="dim wide-only">
                    <time dateTime={one.entryTime}>{moment(Date.parse(one.entryTime))}</time>
                  </td>
                  <td className="number wide-only">{money(one.value)}</td>
                  <td className="number">
                    <Change value={one.returnPct} />
                  </td>
                </tr>
              );
            })}
            <Gap rows={all - end} rowHeight={ROW_HEIGHT} />
          </tbody>
        </table>
      )}
      {total === 0 && <p className="empty">{words.empty}</p>}
      {open && <Details contest={contest} of={open} close={() => setOpen(undefined)} />}
    </section>
  );
}
