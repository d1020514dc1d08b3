import { inside, type Client } from "../client.js";
import { isRecord, type Frame } from "../core/frame.js";
import { channelMembership } from "../core/membership.js";
import type { Leaderboard } from "../generated/messages.js";
import { FollowedStore, type Store } from "./store.js";

/** The first 100 rows of a contest's leaderboard; `undefined` until they have arrived. */
export function leaderboard(client: Client, contestId: number): Store<Leaderboard | undefined> {
  const { flush, link, once } = inside(client);
  const membership = channelMembership(`leaderboard.${contestId}`);
  return once(membership.key, () => {
    return new NewestLeaderboard(flush, (follower) => link("contest").follow(membership, follower));
  });
}

class NewestLeaderboard extends FollowedStore<Leaderboard | undefined> {
  #next: Leaderboard | undefined;
  #value: Leaderboard | undefined;
  #isAbsent = false;

  override get(): Leaderboard | undefined {
    return this.#value;
  }

  override begin(): void {
    this.#isAbsent = true;
  }

  override receive({ type, data }: Frame): void {
    if (type !== "leaderboard_update" || !isRecord(data)) return;
    this.#isAbsent = false;
    this.#next = data as unknown as Leaderboard;
    this.changed();
  }

  protected override complete(): void {
    if (this.#isAbsent) this.#next = undefined;
    this.#isAbsent = false;
  }

  protected override publishValue(): Iterable<() => void> | undefined {
    if (this.#next === this.#value) return undefined;
    this.#value = this.#next;
    return [];
  }
}
