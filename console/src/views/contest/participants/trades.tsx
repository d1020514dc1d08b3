import { http } from "@duelcast/client/http";
import type { ReactNode } from "react";
import { money, price, quantity, timeOfDay, moment } from "../../../app/format";
import { client } from "../../../app/session";
import { texts } from "../../../app/texts";
import { usePages } from "../../../data/pages";
import { LiveState } from "../../../parts/live-state";
import { More } from "../../../parts/more";
import { Scroll } from "../../../parts/scroll";

const { trades: words } = texts.contest;
const OPERATION = "GET /api/v69/contests/{contest_id}/entries/{wallet}/trades";
const PAGE_ROWS = 100;

interface Props {
  readonly contestId: number;
  readonly wallet: string;
}

/** The trades of a participant, oldest first, of which pages are read as they are asked for. */
export function Trades({ contestId, wallet }: Props): ReactNode {
  const pages = usePages(`${contestId} ${wallet}`, (cursor, signal) => {
    const parameters = { contest_id: contestId, wallet, limit: PAGE_ROWS, cursor };
    return http(client, OPERATION, { parameters, signal });
  });
  const { rows, status, at } = pages;
  if (!rows) return <More pages={pages} label={words.more} />;
  if (rows.length === 0) return <p className="dim">{words.none}</p>;

  return (
    <>
      {!pages.error && <LiveState status={status} at={at} />}
      <Scroll label={words.title}>
        <table className="rows">
          <thead>
            <tr>
              <th scope="col">{words.time}</th>
              <th scope="col">{texts.trade.symbol}</th>
              <th scope="col">{words.side}</th>
              <th scope="col" className="number">
                {words.quantity}
              </th>
              <th scope="col" className="number">
                {words.price}
              </th>
              <th scope="col" className="number">
                {words.value}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((one) => (
              <tr key={one.id}>
                <td>
                  <time dateTime={one.timestamp} title={moment(Date.parse(one.timestamp))}>
                    {timeOfDay(Date.parse(one.timestamp))}
                  </time>
                </td>
                <th scope="row">{one.symbol}</th>
                <td data-direction={one.side === "buy" ? "up" : "down"}>
                  {one.side === "buy" ? words.buy : words.sell}
                </td>
                <td className="number">{quantity(one.quantity)}</td>
                <td className="number">{price(one.price)}</td>
                <td className="number">{money(one.quantity * one.price)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <More pages={pages} label={words.more} />
    </>
  );
}
