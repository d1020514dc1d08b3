import type { Notification } from "@duelcast/client/types";

/** How long an announcement stays in view that is not urgent. */
const SHOWN_MS = 20_000;
/** At most this many are in view; the inbox has all. */
const MOST = 3;

/** When an announcement is in view. */
export interface Sight {
  /** The server's time in epoch milliseconds. */
  readonly now: number;
  /** When the present view was opened, on the same clock: those from before, if not urgent, have been seen. */
  readonly since: number;
  readonly isDismissed: (one: Notification) => boolean;
}

/** The announcements to show in every view, newest first: the urgent ones until they are dismissed, and new ones. */
export function inView(announcements: readonly Notification[], { now, since, isDismissed }: Sight): Notification[] {
  return announcements.filter((one) => isCurrent(one, now, since) && !isDismissed(one)).slice(0, MOST);
}

function isCurrent({ priority, timestamp, expires_at: expires }: Notification, now: number, since: number): boolean {
  if (expires !== null && Date.parse(expires) <= now) return false;
  const sent = Date.parse(timestamp);
  return priority === "urgent" || (sent > since && now - sent < SHOWN_MS);
}
