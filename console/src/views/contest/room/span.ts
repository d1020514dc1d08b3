import type { ChatEntry } from "@duelcast/client";

/** How many messages are mounted at first, and how many more when the user scrolls up to them. */
const [SHOWN, STEP] = [100, 50];

/** The place of a reader who has left the end of a chat. */
export interface Away {
  /** The newest message at that time. */
  readonly leftAt: number;
  /** The first message that is mounted, so that the list keeps its beginning while it grows; 0 for all. */
  readonly first: number;
}

/** The messages that are mounted: the newest ones, and for a reader who is away also those since their first one. */
export function mounted(entries: readonly ChatEntry[], away: Away | undefined): readonly ChatEntry[] {
  const newest = Math.max(0, entries.length - SHOWN);
  const first = away === undefined ? -1 : entries.findIndex(({ id = Infinity }) => id >= away.first);
  return entries.slice(first === -1 ? newest : Math.min(first, newest));
}

/** A reader leaves the end. */
export function left(entries: readonly ChatEntry[]): Away {
  const leftAt = entries.findLast(({ id }) => id !== undefined)?.id ?? 0;
  return { leftAt, first: mounted(entries, undefined)[0]?.id ?? 0 };
}

/** A reader wants to see more of the messages before the first one. */
export function further(entries: readonly ChatEntry[], away: Away): Away {
  const hidden = entries.length - mounted(entries, away).length;
  return { ...away, first: entries[hidden - STEP]?.id ?? 0 };
}
