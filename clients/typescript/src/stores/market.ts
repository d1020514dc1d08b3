import { inside, type Client } from "../client.js";
import { isRecord } from "../core/frame.js";
import type { Price } from "../generated/messages.js";
import { LatestValues, type Entry, type LatestStore, type Message } from "./latest.js";
import type { Store } from "./store.js";

/**
 * The newest price of a symbol, or with `*` of every symbol, by symbol. `market(client, "*").at("SOL")` is the price of one
 * symbol, whose listeners are called when that price changes, and not when others do. Symbols may be in lower case.
 */
export function market(client: Client, symbol: string): LatestStore<string, Price> {
  const name = `market.${symbol.toUpperCase()}`;
  return inside(client).once(name, () => new Market(client, "market-data", name, readPrice));
}

class Market extends LatestValues<string, Price> {
  override at(symbol: string): Store<Price | undefined> {
    return super.at(symbol.toUpperCase());
  }
}

function readPrice({ type, data }: Message): Entry<string, Price>[] {
  if (type !== "MARKET_PRICE" || !isRecord(data) || typeof data.symbol !== "string") return [];
  return [[data.symbol, data as unknown as Price]];
}
