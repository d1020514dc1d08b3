import type { Notification, ReadConfirmed } from "@duelcast/client/types";

/** What the inbox shows. */
export interface Shown {
  /** A type of notifications; undefined for all. */
  readonly type: string | undefined;
  readonly isUnreadOnly: boolean;
}

/** Notifications newest first, without doubles: those of `live`, which are kept up to date, rather than those of pages. */
export function merged(live: readonly Notification[], pages: readonly Notification[]): Notification[] {
  const all = new Map(pages.map((one) => [one.id, one]));
  for (const one of live) all.set(one.id, one);
  return [...all.values()].sort((a, b) => b.id - a.id);
}

/** Whether a notification belongs to what is shown. */
export function isShown(one: Notification, { type, isUnreadOnly }: Shown): boolean {
  return (type === undefined || one.type === type) && !(isUnreadOnly && one.read);
}

/** The types of some notifications, in the order of the alphabet. */
export function typesOf(some: readonly Notification[]): string[] {
  return [...new Set(some.map(({ type }) => type))].sort();
}

/** A type as a label, such as “Contest result” for `CONTEST_RESULT`. */
export function typeLabel(type: string): string {
  const words = type.toLowerCase().replaceAll("_", " ").trim();
  return words === "" ? type : words[0]!.toUpperCase() + words.slice(1);
}

/** Notifications after some, or all of some types, were marked as read. */
export function marked(rows: readonly Notification[], message: ReadConfirmed): readonly Notification[] {
  const { ids = [], all, types, timestamp } = message;
  const isMeant = (one: Notification): boolean => {
    return all === true ? types === undefined || types.includes(one.type) : ids.includes(one.id);
  };
  return rows.map((one) => (!one.read && isMeant(one) ? { ...one, read: true, read_at: timestamp } : one));
}

/** Where a notification leads: by default, to the contest that it is about. */
export function linkOf({ link, data }: Pick<Notification, "link" | "data">): string | null {
  return link ?? (Number.isInteger(data.contestId) ? `/contests/${String(data.contestId)}` : null);
}
