import { latest, type LatestStore, type Store } from "@duelcast/client";
import type { Sentiment, Token, Volume } from "@duelcast/client/types";
import { client } from "../../app/session";

/** What is known of a symbol besides its price. */
export interface Flows {
  /** The volumes of the windows that end now, by the length of the window. */
  readonly volumes: LatestStore<string, Volume>;
  readonly sentiment: Store<Sentiment | undefined>;
  readonly token: Store<Token | undefined>;
}

/** The stores of a symbol; a view keeps them. */
export function flows(symbol: string): Flows {
  const market = `market.${symbol}` as const;
  return {
    volumes: latest(client, "market-data", market, (message) =>
      message.type === "MARKET_VOLUME" ? [[message.data.interval, message.data] as const] : [],
    ),
    sentiment: latest(client, "market-data", market, (message) =>
      message.type === "MARKET_SENTIMENT" ? [[0, message.data] as const] : [],
    ).at(0),
    token: latest(client, "token-data", `token.${symbol}`, (message) =>
      message.type === "token_data" ? [[0, message.data] as const] : [],
    ).at(0),
  };
}
