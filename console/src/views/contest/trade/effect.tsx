import type { ReactNode } from "react";
import { direction, money, NONE, price, quantity, score, share } from "../../../app/format";
import { texts } from "../../../app/texts";
import { Scroll } from "../../../parts/scroll";
import type { Line } from "./portfolio";

const words = texts.trade;

interface Props {
  readonly lines: readonly Line[];
  /** A portfolio that is bought at the start, one that is traded for another now, or one that is held. */
  readonly kind: "bought" | "traded" | "held";
  readonly total: number | undefined;
}

/** What a portfolio means at the present prices, and what is traded for it. */
export function Effect({ lines, kind, total }: Props): ReactNode {
  const [isBought, isTraded] = [kind === "bought", kind === "traded"];
  return (
    <Scroll label={words.effect}>
      <table className="rows effect">
        <thead>
          <tr>
            <th scope="col">{words.symbol}</th>
            <th scope="col" className="number">
              {isBought ? words.price : words.now}
            </th>
            {kind !== "held" && (
              <th scope="col" className="number">
                {isBought ? words.bought : words.after}
              </th>
            )}
            {isTraded && (
              <th scope="col" className="number">
                {words.trades}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.symbol}>
              <th scope="row">{line.symbol}</th>
              {isBought ? (
                <td className="number">{price(line.price)}</td>
              ) : (
                <Amount value={line.value} note={share(line.share)} />
              )}
              {kind !== "held" && (
                <Amount value={line.nextValue} note={isBought ? bought(line) : share(line.nextWeight)} />
              )}
              {isTraded && <Traded of={line} />}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{words.total}</th>
            <td className="number">{isBought ? "" : money(total)}</td>
            {kind !== "held" && <td className="number">{money(totalAfter(lines))}</td>}
            {isTraded && <td className="number dim">{NONE}</td>}
          </tr>
        </tfoot>
      </table>
    </Scroll>
  );
}

/** What the portfolio would be worth; undefined if the price of something is not known. */
function totalAfter(lines: readonly Line[]): number | undefined {
  const values = lines.map(({ nextValue }) => nextValue ?? NaN);
  const total = values.reduce((one, other) => one + other, 0);
  return Number.isNaN(total) ? undefined : total;
}

function bought({ symbol, price: each, nextValue }: Line): string {
  return each === undefined || nextValue === undefined ? "" : `≈ ${amountOf(nextValue / each, symbol)}`;
}

function amountOf(tokens: number, symbol: string): string {
  return `${quantity(tokens)}\u00a0${symbol}`;
}

function Amount({ value, note }: { value: number | undefined; note: string }): ReactNode {
  return (
    <td className="number">
      {money(value)}
      <span className="dim">{note}</span>
    </td>
  );
}

function Traded({ of: { symbol, traded, price: each } }: { of: Line }): ReactNode {
  if (traded === undefined || each === undefined || traded === 0) return <td className="number dim">{NONE}</td>;
  return (
    <td className="number">
      <span data-direction={direction(traded)}>{score(traded * each)}</span>
      <span className="dim">{amountOf(Math.abs(traded), symbol)}</span>
    </td>
  );
}
