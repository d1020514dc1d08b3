import { usePrice, useStore } from "@duelcast/client/react";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";
import { price, short } from "../../app/format";
import { texts } from "../../app/texts";
import { useTitle } from "../../app/title";
import { Fact } from "../../parts/fact";
import { LiveState } from "../../parts/live-state";
import { Change, PriceAge, Quote } from "../../parts/quote";
import { PinButton } from "../market/pin-button";
import { About } from "./about";
import { CandleFigure } from "./candle-figure";
import { flows, type Flows } from "./flows";
import { Mood, Trades } from "./trades";

/** A symbol: its price, candles, trades and metadata. */
export default function SymbolView({ symbol: given }: { symbol: string }): ReactNode {
  const symbol = given.toUpperCase();
  useTitle(symbol);
  const [stores] = useState(() => flows(symbol));
  const { value: isInactive, error } = useStore(stores.token, (token) => token?.status === "inactive");
  if (error?.code === "UNKNOWN_CHANNEL") {
    return (
      <>
        <h1>{texts.symbol.unknown(symbol)}</h1>
        <Link href="/">{texts.states.home}</Link>
      </>
    );
  }
  return (
    <article className="symbol">
      <header className="view">
        <PinButton symbol={symbol} />
        <h1>{symbol}</h1>
        <Name of={stores} />
        {isInactive && (
          <span className="tag" data-tone="warn">
            {texts.symbol.inactive}
          </span>
        )}
      </header>
      <Ticker symbol={symbol} stores={stores} />
      <CandleFigure symbol={symbol} />
      <div className="columns">
        <Trades of={stores} />
        <Mood of={stores} />
        <About of={stores} />
      </div>
    </article>
  );
}

function Name({ of }: { of: Flows }): ReactNode {
  const { value: name } = useStore(of.token, (token) => token?.name);
  return name && <bdi className="dim">{name}</bdi>;
}

/** The price and the figures of 24 hours. */
function Ticker({ symbol, stores }: { symbol: string; stores: Flows }): ReactNode {
  const { value, status, error } = usePrice(symbol);
  const { value: cap } = useStore(stores.token, (token) => token?.market_cap);
  return (
    <>
      <LiveState status={status} isKnown={value !== undefined} error={error} />
      {status === "live" && !value && <p className="none">{texts.symbol.noPrice}</p>}
      {value && (
        <div data-status={status}>
          <p className="ticker">
            <b>
              <Quote value={value.price} />
            </b>
            <Change value={value.change_24h} />
            <span className="dim">
              <PriceAge of={value} />
            </span>
          </p>
          <dl className="facts">
            <Fact name={texts.symbol.high}>{price(value.high_24h)}</Fact>
            <Fact name={texts.symbol.low}>{price(value.low_24h)}</Fact>
            <Fact name={texts.symbol.volume}>{short(value.volume_24h)}</Fact>
            <Fact name={texts.symbol.marketCap}>{short(cap)}</Fact>
            <Fact name={texts.symbol.source}>{value.source}</Fact>
          </dl>
        </div>
      )}
    </>
  );
}
