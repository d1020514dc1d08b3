import { inside, type Client } from "../client.js";
import { isRecord } from "../core/frame.js";
import type { Leaderboard } from "../generated/messages.js";
import { latest, type Entry, type Message } from "./latest.js";
import type { Store } from "./store.js";

/** The first 100 rows of a contest's leaderboard; `undefined` until they have arrived. */
export function leaderboard(client: Client, contestId: number): Store<Leaderboard | undefined> {
  const name = `leaderboard.${contestId}` as const;
  return inside(client).once(name, () => latest(client, "contest", name, readLeaderboard).at(0));
}

function readLeaderboard({ type, data }: Message): Entry<0, Leaderboard>[] {
  return type === "leaderboard_update" && isRecord(data) ? [[0, data as unknown as Leaderboard]] : [];
}
