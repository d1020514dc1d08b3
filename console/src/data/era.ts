import { endpoint } from "@duelcast/client";
import { client } from "../app/session";
import { signal } from "../app/signal";

/**
 * How often the server has got another database since the page was opened. One that was lost or restored has other rows
 * with the ids of those that were read, so that nothing of a view may outlive it: each era has views of its own.
 */
export const era = signal(0);

let known: string | undefined;

endpoint(client, "notifications").on("connection_established", ({ epoch }) => {
  if (known !== undefined && epoch !== known) era.set(era.get() + 1);
  known = epoch;
});
