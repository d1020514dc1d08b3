import { client } from "../app/session";
import { signal } from "../app/signal";

/** Whether what was read over HTTP may still be current; not while the connection is lost, and no attempt has succeeded. */
export const isConnected = signal(true);
/** How often the connection has come back, after which what was read is read again. */
export const returns = signal(0);

client.state.subscribe(() => {
  const { is } = client.state.get().notifications;
  if (is === "connecting") return;
  const isNow = is === "open" || is === "idle";
  if (isNow && !isConnected.get()) returns.set(returns.get() + 1);
  isConnected.set(isNow);
});
