import { useStore } from "@duelcast/client/react";
import type { ReactNode } from "react";
import { count, direction, score, share, short } from "../../app/format";
import { texts } from "../../app/texts";
import { Fact } from "../../parts/fact";
import { LiveState } from "../../parts/live-state";
import { INTERVALS } from "./candles";
import type { Flows } from "./flows";

/** How much was bought and sold in the windows that end now. */
export function Trades({ of }: { of: Flows }): ReactNode {
  const { value, status } = useStore(of.volumes);
  const rows = Object.keys(INTERVALS).flatMap((interval) => value.get(interval) ?? []);
  return (
    <section aria-label={texts.symbol.trades}>
      <h2>{texts.symbol.trades}</h2>
      {rows.length === 0 ? (
        <Nothing status={status} text={texts.symbol.noTrades} />
      ) : (
        <table className="rows" data-status={status}>
          <thead>
            <tr>
              <th scope="col">{texts.symbol.window}</th>
              <th scope="col" className="number">
                {texts.symbol.tradeCount}
              </th>
              <th scope="col" className="number">
                {texts.symbol.bought}
              </th>
              <th scope="col" className="number">
                {texts.symbol.sold}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ interval, trades_count, buy_volume, sell_volume }) => (
              <tr key={interval}>
                <th scope="row">{interval}</th>
                <td className="number">{count(trades_count)}</td>
                <td className="number good">{short(buy_volume)}</td>
                <td className="number bad">{short(sell_volume)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** Whether buyers or sellers prevail. */
export function Mood({ of }: { of: Flows }): ReactNode {
  const { value, status } = useStore(of.sentiment);
  return (
    <section aria-label={texts.symbol.sentiment}>
      <h2>{texts.symbol.sentiment}</h2>
      {value ? (
        <div className="panel" data-status={status}>
          <p className="dim">{texts.symbol.sentimentHint}</p>
          {value.buy_pressure + value.sell_pressure > 0 && (
            <progress className="balance" aria-label={texts.symbol.buying} value={value.buy_pressure} max={1} />
          )}
          <dl className="facts">
            <Fact name={texts.symbol.buying}>
              <span className="good">{share(value.buy_pressure * 100)}</span>
            </Fact>
            <Fact name={texts.symbol.selling}>
              <span className="bad">{share(value.sell_pressure * 100)}</span>
            </Fact>
            <Fact name={texts.symbol.score}>
              <span data-direction={direction(value.sentiment_score)}>{score(value.sentiment_score)}</span>
            </Fact>
            <Fact name={texts.symbol.trend}>{texts.symbol.trends[value.volume_trend] ?? value.volume_trend}</Fact>
          </dl>
        </div>
      ) : (
        <Nothing status={status} text={texts.symbol.noSentiment} />
      )}
    </section>
  );
}

function Nothing({ status, text }: { status: "loading" | "live" | "stale" | "refused"; text: string }): ReactNode {
  return status === "loading" ? <LiveState status="loading" /> : <p className="none">{text}</p>;
}
