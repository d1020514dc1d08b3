import type { Holding } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { money, price, quantity, share } from "../../../app/format";
import { texts } from "../../../app/texts";
import { Scroll } from "../../../parts/scroll";

const { trades, trade } = { trades: texts.contest.trades, trade: texts.trade };

/** The tokens of a portfolio as the server sent them: at most 50. */
export function Holdings({ of }: { of: readonly Holding[] }): ReactNode {
  return (
    <Scroll label={texts.contest.people.portfolio}>
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">{trade.symbol}</th>
            <th scope="col" className="number">
              {trade.weight}
            </th>
            <th scope="col" className="number">
              {trades.quantity}
            </th>
            <th scope="col" className="number">
              {trades.price}
            </th>
            <th scope="col" className="number">
              {trades.value}
            </th>
          </tr>
        </thead>
        <tbody>
          {of.map((one) => (
            <tr key={one.symbol}>
              <th scope="row">{one.symbol}</th>
              <td className="number">{share(one.weight)}</td>
              <td className="number">{quantity(one.quantity)}</td>
              <td className="number">{price(one.price)}</td>
              <td className="number">{money(one.value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
