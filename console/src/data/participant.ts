import { latest, type Store } from "@duelcast/client";
import type { Participant } from "@duelcast/client/types";
import { client } from "../app/session";

const stores = new Map<string, Store<Participant | undefined>>();

/** A user's own row in a contest; undefined until it has arrived. */
export function participant(wallet: string, contestId: number): Store<Participant | undefined> {
  const name = `participant.${wallet}.${contestId}` as const;
  let found = stores.get(name);
  if (!found) {
    found = latest(client, "contest", name, (message) =>
      message.type === "participant_update" ? [[0, message.data] as const] : [],
    ).at(0);
    stores.set(name, found);
  }
  return found;
}
