import type { SkyDuelService } from "@duelcast/client/types";

/** A feed, and how old its newest price is in milliseconds. */
export interface FeedAge {
  readonly name: string;
  readonly ageMs: number;
}

/** The feed whose newest price is the oldest; undefined if no service has such a figure. */
export function oldestFeed(services: Iterable<SkyDuelService>): FeedAge | undefined {
  let oldest: FeedAge | undefined;
  for (const { name, metrics } of services) {
    const { ageMs } = metrics;
    if (typeof ageMs === "number" && (oldest === undefined || ageMs > oldest.ageMs)) oldest = { name, ageMs };
  }
  return oldest;
}
