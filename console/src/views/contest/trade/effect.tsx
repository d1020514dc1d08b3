import type { ReactNode } from "react";
import { direction, money, NONE, price, quantity, score, share } from "../../../app/format";
import { texts } from "../../../app/texts";
import { Scroll } from "../../../parts/scroll";
import type { Line } from "./portfolio";

const words = texts.trade;

interface Props {
  readonly lines: readonly Line[];
  /** Whether tokens are bought and sold now, instead of at the start. */
  readonly isTrade: boolean;
  readonly total: number | undefined;
}

/** What a portfolio means at the present prices, and what is traded for it. */
export function Effect({ lines, isTrade, total }: Props): ReactNode {
  return (
    <Scroll label={words.effect}>
      <table className="rows effect">
        <thead>
          <tr>
            <th scope="col">{words.symbol}</th>
            <th scope="col" className="number">
              {isTrade ? words.now : words.price}
            </th>
            <th scope="col" className="number">
              {words.then}
            </th>
            {isTrade && (
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
              {isTrade ? (
                <Amount value={line.value} note={share(line.share)} />
              ) : (
                <td className="number">{price(line.price)}</td>
              )}
              <Amount value={line.nextValue} note={isTrade ? share(line.nextWeight) : bought(line)} />
              {isTrade && <Traded of={line} />}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{words.total}</th>
            <td className="number">{isTrade ? money(total) : ""}</td>
            <td className="number">{money(total)}</td>
            {isTrade && <td className="number dim">{NONE}</td>}
          </tr>
        </tfoot>
      </table>
    </Scroll>
  );
}

function bought({ price: each, nextValue }: Line): string {
  return each === undefined || nextValue === undefined ? "" : `≈ ${quantity(nextValue / each)}`;
}

function Amount({ value, note }: { value: number | undefined; note: string }): ReactNode {
  return (
    <td className="number">
      {money(value)}
      <span className="dim">{note}</span>
    </td>
  );
}

function Traded({ of: { traded, price: each } }: { of: Line }): ReactNode {
  if (traded === undefined || each === undefined || traded === 0) return <td className="number dim">{NONE}</td>;
  return (
    <td className="number">
      <span data-direction={direction(traded)}>{score(traded * each)}</span>
      <span className="dim">{quantity(Math.abs(traded))}</span>
    </td>
  );
}
