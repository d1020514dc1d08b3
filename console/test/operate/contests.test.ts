import type { ContestView } from "@duelcast/client/types";
import { describe, expect, test } from "vitest";
import { endOf } from "../../src/views/operate/contests/end";
import { draftOf, editable, emptyDraft, fieldOf, toLocal, toNew, toPatch } from "../../src/views/operate/contests/form";

const contest = {
  name: "Cup",
  start_time: "2026-12-01T10:00:30.000Z",
  end_time: "2026-12-02T10:00:00.000Z",
  description: null,
  rules: "Be kind",
  image_url: null,
  entry_fee: "0.5",
  prize_pool: "10",
  currency: "SOL",
  payout: [
    { place: 1, percent: 60 },
    { place: 3, percent: 10 },
  ],
  min_participants: 2,
  max_participants: 50,
  starting_balance: 1000,
  allowed_symbols: ["BTC", "SOL"],
  status: "pending",
  participantCount: 0,
} as unknown as ContestView;

describe("the form of a new contest", () => {
  const empty = { ...emptyDraft(Date.parse("2026-12-01T10:20:00Z")), name: "Cup" };

  test("sends only what was filled in, with times in UTC", () => {
    expect(toNew({ ...empty, start_time: toLocal(Date.parse("2026-12-01T12:00:00Z")), min_participants: "3" })).toEqual(
      {
        body: {
          name: "Cup",
          start_time: "2026-12-01T12:00:00.000Z",
          end_time: new Date(empty.end_time).toISOString(),
          min_participants: 3,
        },
      },
    );
  });

  test("begins in the future", () => {
    expect(new Date(empty.start_time).getTime()).toBeGreaterThan(Date.parse("2026-12-01T11:00:00Z"));
  });

  test("says by field what cannot be sent", () => {
    const wrong = { ...empty, name: " ", start_time: "soon", starting_balance: "1,000", payout: "half" };
    expect(toNew(wrong)).toEqual({
      problems: { name: "missing", start_time: "time", starting_balance: "number", payout: "payout" },
    });
  });

  test("takes symbols and payouts as people write them", () => {
    expect(toNew({ ...empty, allowed_symbols: "sol, btc  eth,", payout: "50%, 3: 20" })).toMatchObject({
      body: {
        allowed_symbols: ["SOL", "BTC", "ETH"],
        payout: [
          { place: 1, percent: 50 },
          { place: 3, percent: 20 },
        ],
      },
    });
  });
});

describe("the form of a contest that exists", () => {
  const before = draftOf(contest);

  test("sends nothing of what was not changed", () => {
    expect(toPatch(before, before)).toEqual({ body: {} });
  });

  test("sends changed fields, and null for what was cleared", () => {
    expect(toPatch({ ...before, rules: "", max_participants: "", payout: "100" }, before)).toEqual({
      body: { rules: null, max_participants: null, payout: [{ place: 1, percent: 100 }] },
    });
  });

  test("cannot clear what a contest needs", () => {
    expect(toPatch({ ...before, name: "", currency: "" }, before)).toEqual({
      problems: { name: "missing", currency: "missing" },
    });
  });

  test("offers what may change in the state of the contest", () => {
    expect(editable(contest)).toContain("starting_balance");
    expect(editable({ ...contest, participantCount: 1 })).not.toContain("starting_balance");
    expect(editable({ ...contest, status: "active" })).toEqual(["name", "end_time", "description", "image_url"]);
    expect(editable({ ...contest, status: "completed" })).toEqual([]);
  });

  test("shows the refusal of a part of a field at the field", () => {
    expect(fieldOf("payout[1].percent")).toBe("payout");
    expect(fieldOf("unknown")).toBeUndefined();
    expect(fieldOf(undefined)).toBeUndefined();
  });
});

test.each([
  ["pending", "2026-01-01T12:00:00Z"],
  ["active", "2026-01-01T12:00:00Z"],
  ["completed", "2026-01-01T11:30:00Z"],
  ["cancelled", "2026-01-01T11:30:00Z"],
])("a contest that is %s ends when it should, or when an admin ended it", (status, end) => {
  const one = { status, end_time: "2026-01-01T12:00:00Z", updated_at: "2026-01-01T11:30:00Z" };
  expect(endOf(one as Parameters<typeof endOf>[0])).toBe(Date.parse(end));
});
