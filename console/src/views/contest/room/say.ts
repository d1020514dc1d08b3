import { endpoint, room } from "@duelcast/client";
import { client, user } from "../../../app/session";
import { kept } from "../../../data/kept";
import { uuid } from "../../../data/uuid";

/** A message waits so long for a server that is away; then the user decides whether to send it again. */
const PATIENCE_MS = 120_000;

/**
 * The messages that are neither stored nor dismissed, which outlive a reload of the page. By contest and message id: until
 * when the page tries to send it, in epoch milliseconds (0 if it has failed), and the text.
 */
const unsent = kept<string>("duelcast.unsent");

endpoint(client, "contest").on("chat_message", ({ contestId, data: { messageId } }) => {
  if (messageId !== undefined) unsent.drop(`${contestId} ${messageId}`);
});

const stop = user.subscribe(resume);
resume();

/** Sends a message, or with a `messageId` one that has failed again. The chat shows what becomes of it. */
export function say(contestId: number, text: string, messageId: string = uuid()): void {
  send(contestId, messageId, text, Date.now() + PATIENCE_MS);
}

/** Removes a message that has failed. */
export function dismiss(contestId: number, messageId: string): void {
  unsent.drop(`${contestId} ${messageId}`);
  room(client, contestId).dismiss(messageId);
}

/** Once the user is known, what was under way when the page was left is sent again, and what had failed is shown again. */
function resume(): void {
  if (!user.get()) return;
  stop();
  for (const [key, value] of unsent.get()) {
    const [contestId, messageId = ""] = key.split(" ");
    const [until] = value.split(" ", 1);
    send(Number(contestId), messageId, value.slice(value.indexOf(" ") + 1), Number(until));
  }
}

function send(contestId: number, messageId: string, text: string, until: number): void {
  const key = `${contestId} ${messageId}`;
  const timeoutMs = until - Date.now();
  unsent.put(key, `${until} ${text}`);
  room(client, contestId)
    // One that is cancelled at once is not sent, but is in the chat as one that has failed.
    .send(text, { messageId, timeoutMs, ...(timeoutMs <= 0 && { signal: AbortSignal.abort() }) })
    .then(
      () => unsent.drop(key),
      () => {
        // Unless it was stored nevertheless, or the user has gone.
        if (unsent.get().has(key)) unsent.put(key, `0 ${text}`);
      },
    );
}
