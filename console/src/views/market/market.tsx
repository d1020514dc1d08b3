import { market } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import { useRef, useState, type ReactNode } from "react";
import { useNow } from "../../app/now";
import { client } from "../../app/session";
import { useSignal } from "../../app/signal";
import { texts } from "../../app/texts";
import { useTitle } from "../../app/title";
import { LiveState } from "../../parts/live-state";
import { Gap, useWindow } from "../../parts/windowed";
import { order, type Column, type Sort } from "./order";
import { pins } from "./pins";
import { Row } from "./row";

const ROW_HEIGHT = 44;
const COLUMNS: readonly (readonly [column: Column, title: string, isWide?: boolean])[] = [
  ["symbol", texts.market.symbol],
  ["price", texts.market.price],
  ["change", texts.market.change],
  ["volume", texts.market.volume, true],
];

/** The prices of all symbols. */
export function Market(): ReactNode {
  useTitle(texts.market.title);
  const prices = market(client, "*");
  const { value: size, status, error } = useStore(prices, (all) => all.size);
  const pinned = useSignal(pins);
  const [sort, setSort] = useState<Sort>({ column: "symbol", isDescending: false });
  const [search, setSearch] = useState("");
  const body = useRef<HTMLTableSectionElement>(null);
  // Rows change their places once a second, so that nobody has to chase one.
  useNow();
  const symbols = order(prices.get(), sort, search, pinned);
  const { first, end } = useWindow(body, symbols.length, ROW_HEIGHT);

  return (
    <>
      <header className="view">
        <h1>{texts.market.title}</h1>
        <p className="dim">{texts.market.count(symbols.length, size)}</p>
        <input
          type="search"
          aria-label={texts.market.search}
          placeholder={texts.market.search}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </header>
      <LiveState status={status} error={error} />
      {size > 0 && (
        <table className="rows market" data-status={status}>
          <thead>
            <tr>
              {COLUMNS.map(([column, title, isWide]) => (
                <Heading key={column} {...{ column, title, sort, setSort }} isWide={isWide === true} />
              ))}
              <th scope="col" className="wide-only">
                {texts.market.trend}
              </th>
              <th scope="col" className="number">
                {texts.market.age}
              </th>
            </tr>
          </thead>
          <tbody ref={body}>
            <Gap rows={first} rowHeight={ROW_HEIGHT} />
            {symbols.slice(first, end).map((symbol) => (
              <Row key={symbol} symbol={symbol} />
            ))}
            <Gap rows={symbols.length - end} rowHeight={ROW_HEIGHT} />
          </tbody>
        </table>
      )}
      {status === "live" && size === 0 && <p className="empty">{texts.market.none}</p>}
      {size > 0 && symbols.length === 0 && <p className="empty">{texts.market.noMatch(search)}</p>}
    </>
  );
}

interface HeadingProps {
  readonly column: Column;
  readonly title: string;
  readonly isWide: boolean;
  readonly sort: Sort;
  readonly setSort: (sort: Sort) => void;
}

function Heading({ column, title, isWide, sort, setSort }: HeadingProps): ReactNode {
  const isSorted = sort.column === column;
  const isNumber = column !== "symbol";
  const direction = sort.isDescending ? "descending" : "ascending";
  return (
    <th
      scope="col"
      className={[isNumber && "number", isWide && "wide-only"].filter(Boolean).join(" ")}
      aria-sort={isSorted ? direction : undefined}
    >
      <button type="button" onClick={() => setSort({ column, isDescending: isSorted ? !sort.isDescending : isNumber })}>
        {title}
      </button>
    </th>
  );
}
