import type { Notification, ReadConfirmed } from "@duelcast/client/types";
import { describe, expect, test } from "vitest";
import { isShown, linkOf, marked, merged, typeLabel, typesOf } from "../src/views/inbox/lists";

function notification(id: number, type = "NEWS", read = false): Notification {
  return { id, type, read, read_at: null, data: {}, link: null } as unknown as Notification;
}

function confirmed(fields: Partial<ReadConfirmed>): ReadConfirmed {
  return { type: "read_confirmed", count: 1, timestamp: "2026-03-01T10:00:00.000Z", ...fields };
}

const flags = (rows: readonly Notification[]): boolean[] => rows.map(({ read }) => read);

describe("merged", () => {
  test("is newest first, and prefers what is kept up to date", () => {
    const all = merged([notification(3), notification(2, "NEWS", true)], [notification(2), notification(1)]);
    expect(all.map(({ id }) => id)).toEqual([3, 2, 1]);
    expect(flags(all)).toEqual([false, true, false]);
  });
});

describe("marked", () => {
  const rows = [notification(3), notification(2, "PRIZE"), notification(1)];

  test("marks those that are named", () => {
    expect(flags(marked(rows, confirmed({ ids: [2, 9] })))).toEqual([false, true, false]);
  });

  test("marks all, or all of some types", () => {
    expect(flags(marked(rows, confirmed({ all: true })))).toEqual([true, true, true]);
    expect(flags(marked(rows, confirmed({ all: true, types: ["NEWS"] })))).toEqual([true, false, true]);
  });

  test("keeps when one was marked before", () => {
    const before = { ...notification(1, "NEWS", true), read_at: "2026-02-01T10:00:00.000Z" };
    expect(marked([before], confirmed({ all: true }))).toEqual([before]);
  });
});

describe("what is shown", () => {
  test("is of the type, and unread if asked", () => {
    const one = notification(1, "PRIZE", true);
    expect(isShown(one, { type: undefined, isUnreadOnly: false })).toBe(true);
    expect(isShown(one, { type: "NEWS", isUnreadOnly: false })).toBe(false);
    expect(isShown(one, { type: "PRIZE", isUnreadOnly: true })).toBe(false);
  });

  test("can be chosen by the types that there are", () => {
    expect(typesOf([notification(1), notification(2, "CONTEST_RESULT"), notification(3)])).toEqual([
      "CONTEST_RESULT",
      "NEWS",
    ]);
    expect(typeLabel("CONTEST_RESULT")).toBe("Contest result");
    expect(typeLabel("_")).toBe("_");
  });
});

describe("where a notification leads", () => {
  test("is its link, or the contest that it is about", () => {
    expect(linkOf({ link: "/inbox", data: { contestId: 2 } })).toBe("/inbox");
    expect(linkOf({ link: null, data: { contestId: 2 } })).toBe("/contests/2");
    expect(linkOf({ link: null, data: { contestId: "2/../x" } })).toBeNull();
  });
});
