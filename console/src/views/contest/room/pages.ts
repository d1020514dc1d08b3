import type { ChatEntry } from "@duelcast/client";
import type { ChatMessageRecord } from "@duelcast/client/types";

type Stored = Extract<ChatEntry, { status: "sent" }>;

/** Older messages of a chat, which were loaded page by page and end where the room's own messages begin. */
export interface Pages {
  readonly messages: readonly Stored[];
  /** The room's message that follows the pages; undefined if none has been loaded. */
  readonly next: number | undefined;
  /** Whether there are still older ones. */
  readonly hasMore: boolean;
}

export const NO_PAGES: Pages = { messages: [], next: undefined, hasMore: true };

/** The oldest message that is stored. */
export function oldest(pages: Pages, chat: readonly ChatEntry[]): number | undefined {
  return pages.messages[0]?.id ?? chat[0]?.id;
}

/**
 * The pages, as long as they end where the chat begins. They do not any more when the room has begun anew with its newest
 * messages, between which and the pages others may be missing.
 */
export function attached(pages: Pages, chat: readonly ChatEntry[]): Pages {
  const first = chat[0]?.id;
  return pages.next === undefined || (first !== undefined && first <= pages.next) ? pages : NO_PAGES;
}

/** The pages with another one before them, which was asked for by `oldest`. */
export function prepended(
  pages: Pages,
  chat: readonly ChatEntry[],
  page: { readonly data: readonly ChatMessageRecord[]; readonly hasMore: boolean },
): Pages {
  const first = oldest(pages, chat);
  if (first === undefined) return pages;
  const before = page.data.filter(({ id }) => id < first).map((one) => ({ ...one, status: "sent" as const }));
  const messages = [...before, ...pages.messages];
  return { messages, next: pages.next ?? chat[0]?.id, hasMore: page.hasMore };
}

/** The pages after a message was deleted; `chat` is the room's, which may still contain it. */
export function deleted(pages: Pages, chat: readonly ChatEntry[], id: number): Pages {
  const messages = pages.messages.filter((one) => one.id !== id);
  const next = pages.next === id ? chat.find((one) => (one.id ?? 0) > id)?.id : pages.next;
  return pages.next !== undefined && next === undefined ? NO_PAGES : { ...pages, messages, next };
}

/** All messages in order, each once. */
export function merged(pages: Pages, chat: readonly ChatEntry[]): readonly ChatEntry[] {
  if (pages.messages.length === 0) return chat;
  const here = new Set(chat.map(({ id }) => id));
  return [...pages.messages.filter(({ id }) => !here.has(id)), ...chat];
}
