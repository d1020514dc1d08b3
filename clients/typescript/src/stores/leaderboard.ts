import { inside, type Client } from "../client.js";
import { isRecord, type Frame } from "../core/frame.js";
import { channelMembership } from "../core/membership.js";
import type { Leaderboard } from "../generated/messages.js";
import { FollowedStore, type Store } from "./store.js";

/** The first 100 rows of a contest's leaderboard; `undefined` until they have arrived. */
export function leaderboard(client: Client, contestId: number): Store<Leaderboard | undefined> {
  const { flush, link, once } = inside(client);
  const membership = channelMembership(`leaderboard.${contestId}`);
  return once(membership.key, () => new NewestLeaderboard(flush, link("contest"), membership));
}

class NewestLeaderboard extends FollowedStore<Leaderboard | undefined> {
  #value: Leaderboard | undefined;

  override get(): Leaderboard | undefined {
    return this.#value;
  }

  override receive({ type, data, channel }: Frame): void {
    if (type === "leaderboard_update" && isRecord(data)) this.put("", undefined, data, channel);
  }

  protected override publishValue(): boolean {
    const before = this.#value;
    this.#value = this.held.get("") as Leaderboard | undefined;
    return this.#value !== before;
  }
}
