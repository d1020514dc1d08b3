import { market } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { short } from "../../app/format";
import { client } from "../../app/session";
import { Change, PriceAge, Quote } from "../../parts/quote";
import { Sparkline } from "../../parts/sparkline";
import { useSamples } from "../../data/samples";
import { useSparkline } from "../../data/sparklines";
import { PinButton } from "./pin-button";

/** Fewer points than that are not the shape of a day. */
const FEW = 8;

/** A symbol's row, which renders when its own price changes, and not when others do. */
export const Row = memo(function Row({ symbol }: { readonly symbol: string }): ReactNode {
  const { value } = useStore(market(client, "*").at(symbol));
  return (
    <tr data-symbol={symbol}>
      <th scope="row">
        <PinButton symbol={symbol} />
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
