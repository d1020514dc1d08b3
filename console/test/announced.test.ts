import type { Notification } from "@duelcast/client/types";
import { expect, test } from "vitest";
import { inView } from "../src/app/announced";

const NOW = Date.parse("2026-03-01T10:00:00.000Z");

function announcement(id: number, agoMs: number, rest: Partial<Notification> = {}): Notification {
  const timestamp = new Date(NOW - agoMs).toISOString();
  return { id, timestamp, priority: "medium", expires_at: null, ...rest } as Notification;
}

function ids(all: readonly Notification[], since = 0, dismissed: readonly number[] = []): number[] {
  const shown = inView(all, { now: NOW, since, isDismissed: ({ id }) => dismissed.includes(id) });
  return shown.map(({ id }) => id);
}

test("a new announcement is in view for a while, an urgent one until it is dismissed", () => {
  const all = [announcement(3, 5000), announcement(2, 60_000), announcement(1, 3_600_000, { priority: "urgent" })];
  expect(ids(all)).toEqual([3, 1]);
  expect(ids(all, 0, [1])).toEqual([3]);
  expect(ids(all, 0, [3])).toEqual([1]);
});

test("opening another view leaves the urgent ones alone", () => {
  const all = [announcement(2, 5000), announcement(1, 5000, { priority: "urgent" })];
  expect(ids(all, NOW - 1000)).toEqual([1]);
});

test("one that has expired is not in view, however urgent", () => {
  const expires_at = new Date(NOW).toISOString();
  expect(ids([announcement(1, 1000, { priority: "urgent", expires_at })])).toEqual([]);
});

test("the newest three are in view", () => {
  expect(ids([5, 4, 3, 2].map((id) => announcement(id, 1000)))).toEqual([5, 4, 3]);
});
