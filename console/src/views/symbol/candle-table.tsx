import type { Candle } from "@duelcast/client/types";
import { useRef, useState, type ReactNode } from "react";
import { moment, price } from "../../app/format";
import { texts } from "../../app/texts";
import { Gap, useWindow } from "../../parts/windowed";

const ROW_HEIGHT = 33;

/** The numbers of a chart, newest first, for those who want or need to read them. */
export function CandleTable({ candles }: { candles: readonly Candle[] }): ReactNode {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary>{texts.symbol.asTable}</summary>
      {isOpen && <Table candles={candles} />}
    </details>
  );
}

function Table({ candles }: { candles: readonly Candle[] }): ReactNode {
  const body = useRef<HTMLTableSectionElement>(null);
  const { first, end } = useWindow(body, candles.length, ROW_HEIGHT);
  const { time, open, highest, lowest, close } = texts.symbol;
  return (
    <table className="rows">
      <thead>
        <tr>
          <th scope="col">{time}</th>
          {[open, highest, lowest, close].map((title) => (
            <th key={title} scope="col" className="number">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        <Gap rows={first} rowHeight={ROW_HEIGHT} />
        {[...candles]
          .reverse()
          .slice(first, end)
          .map((one) => (
            <tr key={one.timestamp}>
              <th scope="row">{moment(Date.parse(one.timestamp))}</th>
              <td className="number">{price(one.open)}</td>
              <td className="number">{price(one.high)}</td>
              <td className="number">{price(one.low)}</td>
              <td className="number">{price(one.close)}</td>
            </tr>
          ))}
        <Gap rows={candles.length - end} rowHeight={ROW_HEIGHT} />
      </tbody>
    </table>
  );
}
