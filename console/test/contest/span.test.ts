import type { ChatEntry } from "@duelcast/client";
import { expect, test } from "vitest";
import { further, left, mounted, type Away } from "../../src/views/contest/room/span";

const sender = { wallet: "ann", nickname: null, role: "user" };
const PENDING: ChatEntry = { status: "pending", messageId: "m", text: "hello" };

function chat(from: number, to: number): ChatEntry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    id: from + index,
    contestId: 1,
    sender,
    text: "gg",
    timestamp: "2026-11-25T17:10:19.559Z",
    isAdmin: false,
    status: "sent",
  }));
}

function ends(entries: readonly ChatEntry[], away: Away | undefined): (number | undefined)[] {
  const shown = mounted(entries, away);
  return [shown[0]?.id, shown.at(-1)?.id];
}

test("at the end, the newest hundred are mounted", () => {
  expect(ends(chat(1, 30), undefined)).toEqual([1, 30]);
  expect(ends(chat(1, 300), undefined)).toEqual([201, 300]);
});

test("the first message stays the same for a reader who is away, however many come", () => {
  const away = left(chat(1, 300));
  expect(away).toEqual({ leftAt: 300, first: 201 });
  expect(ends(chat(1, 400), away)).toEqual([201, 400]);
});

test("a reader who goes further sees fifty more, and then all", () => {
  let away = left(chat(1, 300));
  away = further(chat(1, 300), away);
  expect(ends(chat(1, 301), away)).toEqual([151, 301]);
  for (let step = 0; step < 4; step += 1) away = further(chat(1, 300), away);
  expect(ends(chat(1, 300), away)).toEqual([1, 300]);
});

test("all are mounted that are loaded once a reader is at the first one", () => {
  const away = further(chat(51, 100), left(chat(51, 100)));
  expect(ends(chat(1, 100), away)).toEqual([1, 100]);
});

test("the next one comes first if the first is deleted, and the newest if none is left", () => {
  const away = left(chat(1, 300));
  expect(ends([...chat(1, 200), ...chat(202, 300)], away)).toEqual([200, 300]);
  expect(ends([...chat(1, 200), ...chat(202, 400)], away)).toEqual([202, 400]);
  expect(ends(chat(1, 150), away)).toEqual([51, 150]);
});

test("one's own messages that are not stored count as the newest", () => {
  expect(left([...chat(1, 5), PENDING])).toEqual({ leftAt: 5, first: 1 });
  expect(left([PENDING])).toEqual({ leftAt: 0, first: 0 });
  expect(mounted([PENDING], left([]))).toEqual([PENDING]);
});
