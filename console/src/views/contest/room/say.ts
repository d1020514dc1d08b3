import { room } from "@duelcast/client";
import { client } from "../../../app/session";

/** A message waits so long for a server that is away; then the user decides whether to send it again. */
const PATIENCE_MS = 120_000;

/** Sends a message, or with a `messageId` one that has failed again. The chat shows what becomes of it. */
export function say(contestId: number, text: string, messageId?: string): void {
  void room(client, contestId)
    .send(text, { messageId, timeoutMs: PATIENCE_MS })
    .catch(() => undefined);
}
