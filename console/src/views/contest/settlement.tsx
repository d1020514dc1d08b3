import { room } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import type { ContestView, SettledPrice, Settlement } from "@duelcast/client/types";
import { useRef, type ReactNode } from "react";
import { moment, price, timeOfDay } from "../../app/format";
import { client } from "../../app/session";
import { texts } from "../../app/texts";
import { useReading } from "../../data/reading";
import { LiveState } from "../../parts/live-state";
import { Change } from "../../parts/quote";
import { Gap, useWindow } from "../../parts/windowed";
import { Holdings } from "./participants/holdings";
import { Trades } from "./participants/trades";

const { settled: words } = texts.contest;
const ROW_HEIGHT = 56;

/** The prices that decided a contest, and what the user had and did in it. */
export function SettlementPart({ contest }: { contest: ContestView }): ReactNode {
  // The end brings other prices, which are read anew.
  return <Prices key={contest.status} contest={contest} />;
}

function Prices({ contest }: { contest: ContestView }): ReactNode {
  const { value, status, error, at, again } = useReading("GET /api/v69/contests/{contest_id}/settlement", {
    parameters: { contest_id: contest.id },
  });
  const { value: own } = useStore(room(client, contest.id), (here) => here.participant);
  return (
    <section aria-label={texts.contest.settlement} className="stack">
      {own?.isParticipant === true && (
        <>
          <h2>{texts.contest.people.portfolio}</h2>
          <Holdings of={own.portfolio ?? []} />
          <h2>{words.myTrades}</h2>
          <Trades contestId={contest.id} wallet={own.walletAddress} />
          <h2>{words.prices}</h2>
        </>
      )}
      <LiveState status={status} error={error} at={at} retry={again} />
      {value && <Summary of={value} />}
    </section>
  );
}

function Summary({ of: { start, end } }: { of: Settlement }): ReactNode {
  if (!start) return <p className="empty">{words.none}</p>;
  const at = (iso: string): string => moment(Date.parse(iso));
  return (
    <>
      <p>
        {end ? words.at(at(start.at), at(end.at)) : words.running(at(start.at))}{" "}
        <span className="dim">{words.explained}</span>
      </p>
      <Table start={start.prices} end={end?.prices ?? []} />
    </>
  );
}

function Table({ start, end }: { start: readonly SettledPrice[]; end: readonly SettledPrice[] }): ReactNode {
  const body = useRef<HTMLTableSectionElement>(null);
  const [starts, ends] = [bySymbol(start), bySymbol(end)];
  const symbols = [...new Set([...starts.keys(), ...ends.keys()])].sort();
  const window = useWindow(body, symbols.length, ROW_HEIGHT);
  return (
    <table className="rows settled">
      <thead>
        <tr>
          <th scope="col">{texts.trade.symbol}</th>
          <th scope="col" className="number">
            {words.start}
          </th>
          <th scope="col" className="number">
            {words.end}
          </th>
          <th scope="col" className="number">
            {words.change}
          </th>
        </tr>
      </thead>
      <tbody ref={body}>
        <Gap rows={window.first} rowHeight={ROW_HEIGHT} />
        {symbols.slice(window.first, window.end).map((symbol) => {
          const [from, to] = [starts.get(symbol), ends.get(symbol)];
          return (
            <tr key={symbol}>
              <th scope="row">{symbol}</th>
              <Price of={from} />
              <Price of={to} />
              <td className="number">
                <Change value={from && to && (to.price / from.price - 1) * 100} />
              </td>
            </tr>
          );
        })}
        <Gap rows={symbols.length - window.end} rowHeight={ROW_HEIGHT} />
      </tbody>
    </table>
  );
}

function Price({ of }: { of: SettledPrice | undefined }): ReactNode {
  return (
    <td className="number">
      {price(of?.price)}
      {of && (
        <time className="dim" dateTime={of.receivedAt} title={words.received(moment(Date.parse(of.receivedAt)))}>
          {timeOfDay(Date.parse(of.receivedAt))}
        </time>
      )}
    </td>
  );
}

function bySymbol(prices: readonly SettledPrice[]): ReadonlyMap<string, SettledPrice> {
  return new Map(prices.map((one) => [one.symbol, one]));
}
