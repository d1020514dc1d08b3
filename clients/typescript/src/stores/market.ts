import { inside, type Client } from "../client.js";
import { isRecord, type Frame } from "../core/frame.js";
import { channelMembership } from "../core/membership.js";
import type { Price } from "../generated/messages.js";
import { LatestValues, type LatestStore } from "./latest.js";

/**
 * The newest price of a symbol, or with `*` of every symbol, by symbol. `market(client, "*").at("SOL")` is the price of one
 * symbol, whose listeners are called when that price changes, and not when others do.
 */
export function market(client: Client, symbol: string): LatestStore<string, Price> {
  const { flush, link, once } = inside(client);
  const membership = channelMembership(`market.${symbol}`);
  return once(membership.key, () => new LatestValues(flush, link("market-data"), membership, readPrice));
}

function readPrice({ type, data }: Frame): readonly [string, Price] | undefined {
  if (type !== "MARKET_PRICE" || !isRecord(data) || typeof data.symbol !== "string") return undefined;
  return [data.symbol, data as unknown as Price];
}
