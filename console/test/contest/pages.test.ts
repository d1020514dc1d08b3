import type { ChatEntry } from "@duelcast/client";
import type { ChatMessageRecord } from "@duelcast/client/types";
import { expect, test } from "vitest";
import { attached, deleted, merged, NO_PAGES, oldest, prepended, type Pages } from "../../src/views/contest/room/pages";

function record(id: number): ChatMessageRecord {
  const sender = { wallet: "ann", nickname: null, role: "user" };
  return { id, contestId: 1, sender, text: `message ${id}`, timestamp: "2026-11-25T17:10:19.559Z", isAdmin: false };
}

function chat(...ids: number[]): ChatEntry[] {
  return ids.map((id) => ({ ...record(id), status: "sent" }));
}

const PENDING: ChatEntry = { status: "pending", messageId: "m", text: "hello" };

function shown(pages: Pages, here: readonly ChatEntry[]): (number | undefined)[] {
  return merged(pages, here).map(({ id }) => id);
}

test("older messages come before the room's, and one's own that are not stored after them", () => {
  const here = [...chat(5, 6), PENDING];
  const pages = prepended(NO_PAGES, here, { data: [record(3), record(4)], hasMore: true });
  expect(shown(pages, here)).toEqual([3, 4, 5, 6, undefined]);
  expect(oldest(pages, here)).toBe(3);
});

test("a page that overlaps brings no message twice", () => {
  const here = chat(5, 6);
  const pages = prepended(NO_PAGES, here, { data: [record(4), record(5)], hasMore: false });
  const again = prepended(pages, here, { data: [record(3), record(4)], hasMore: false });
  expect(shown(again, here)).toEqual([3, 4, 5, 6]);
  expect(again.hasMore).toBe(false);
});

test("pages stay while the room gets new messages", () => {
  const pages = prepended(NO_PAGES, chat(5), { data: [record(4)], hasMore: true });
  expect(shown(attached(pages, chat(5, 6, 7)), chat(5, 6, 7))).toEqual([4, 5, 6, 7]);
});

test("pages are forgotten when the room begins anew with later messages, because some may be missing between", () => {
  const pages = prepended(NO_PAGES, chat(5, 6), { data: [record(4)], hasMore: false });
  expect(attached(pages, chat(80, 81))).toBe(NO_PAGES);
  expect(attached(pages, chat(6, 7))).toBe(NO_PAGES);
  expect(attached(pages, [PENDING])).toBe(NO_PAGES);
});

test("a deleted message leaves the pages, and they stay if it was the first of the room", () => {
  const here = chat(5, 6);
  const pages = prepended(NO_PAGES, here, { data: [record(3), record(4)], hasMore: true });
  expect(shown(deleted(pages, here, 4), here)).toEqual([3, 5, 6]);
  const after = deleted(pages, here, 5);
  expect(shown(attached(after, chat(6)), chat(6))).toEqual([3, 4, 6]);
  expect(deleted(pages, chat(5), 5)).toBe(NO_PAGES);
});

test("without a message in the room there is nothing to ask for", () => {
  expect(oldest(NO_PAGES, [])).toBeUndefined();
  expect(oldest(NO_PAGES, [PENDING])).toBeUndefined();
  expect(prepended(NO_PAGES, [PENDING], { data: [record(1)], hasMore: false })).toBe(NO_PAGES);
});
