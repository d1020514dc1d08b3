import { market } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { short } from "../../app/format";
import { client } from "../../app/session";
import { texts } from "../../app/texts";
import { Change, PriceAge, Quote } from "../../parts/quote";
import { Sparkline } from "../../parts/sparkline";
import { useSamples } from "../../data/samples";
import { useSparkline } from "../../data/sparklines";
import { togglePin } from "./pins";

/** Fewer points than that are not the shape of a day. */
const FEW = 8;

interface Props {
  readonly symbol: string;
  readonly isPinned: boolean;
}

/** A symbol's row, which renders when its own price changes, and not when others do. */
export const Row = memo(function Row({ symbol, isPinned }: Props): ReactNode {
  const { value } = useStore(market(client, "*").at(symbol));
  const name = isPinned ? texts.market.unpin(symbol) : texts.market.pin(symbol);
  return (
    <tr data-symbol={symbol}>
      <th scope="row">
        <button
          type="button"
          className="pin"
          aria-pressed={isPinned}
          aria-label={name}
          onClick={() => togglePin(symbol)}
        >
          {isPinned ? "★" : "☆"}
        </button>
        <Link href={`/symbols/${encodeURIComponent(symbol)}`}>{symbol}</Link>
      </th>
      <td className="number">
        <Quote value={value?.price} />
      </td>
      <td className="number">
        <Change value={value?.change_24h} />
      </td>
      <td className="number wide-only">{short(value?.volume_24h)}</td>
      <td className="wide-only">
        <Trend symbol={symbol} />
      </td>
      <td className="number dim">{value && <PriceAge of={value} />}</td>
    </tr>
  );
});

/** The prices of the last day or, if the server has fewer, those since the page was opened. */
function Trend({ symbol }: { symbol: string }): ReactNode {
  const [day, recent] = [useSparkline(symbol), useSamples(symbol)];
  return <Sparkline values={day.length >= FEW ? day : recent} />;
}
