import type { ErrorRecord } from "@duelcast/client/types";
import { describe, expect, test } from "vitest";
import { zonesOf } from "../../src/views/operate/analytics/zones";
import { changesOf } from "../../src/views/operate/audit/before-after";
import { toParameters } from "../../src/views/operate/audit/parameters";
import { groupsOf, searched } from "../../src/views/operate/errors/groups";
import { withRecords } from "../../src/views/operate/recent-errors";

function record(id: number, error: string, more: Partial<ErrorRecord> = {}): ErrorRecord {
  const timestamp = new Date(id * 1000).toISOString();
  return { id, service: "store", source: "store", level: "error", error, timestamp, details: {}, count: 1, ...more };
}

describe("recorded errors", () => {
  test("are grouped if they differ only in numbers and ids", () => {
    const newestFirst = [
      record(4, "Timeout after 31 ms", { count: 5 }),
      record(3, "Timeout after 2 ms", { service: "feed" }),
      record(2, "Refused"),
      record(1, "Timeout after 7 ms"),
    ];
    const groups = groupsOf(newestFirst);
    expect(groups.map((one) => one.newest.id)).toEqual([4, 3, 2]);
    expect(groups[0]).toMatchObject({ count: 6, since: newestFirst[3]!.timestamp });
  });

  test("are found by text, source or service", () => {
    const all = [record(1, "Timeout"), record(2, "Refused", { source: "Times" }), record(3, "No", { service: "x" })];
    expect(searched(all, " TIME ").map(({ id }) => id)).toEqual([1, 2]);
    expect(searched(all, "")).toHaveLength(3);
  });

  test("are replaced by newer states of themselves, and bounded", () => {
    const before = [record(2, "b"), record(1, "a")];
    expect(
      withRecords(before, [record(1, "a", { count: 9 }), record(3, "c")]).map((one) => [one.id, one.count]),
    ).toEqual([
      [3, 1],
      [2, 1],
      [1, 9],
    ]);
    const many = Array.from({ length: 900 }, (_, id) => record(id, "x"));
    expect(withRecords([], many)).toHaveLength(500);
  });
});

describe("the filters of the audit trail", () => {
  const parametersOf = (query: string): object => toParameters((name) => new URLSearchParams(query).get(name) ?? "");

  test("are those that are set", () => {
    expect(parametersOf("wallet=%20ann%20&action=")).toEqual({ limit: 100, wallet: "ann" });
  });

  test("are days of the user, of which the last is included", () => {
    expect(parametersOf("from=2026-12-01&to=2026-12-01")).toEqual({
      limit: 100,
      from: new Date(2026, 11, 1).toISOString(),
      to: new Date(2026, 11, 2).toISOString(),
    });
    expect(parametersOf("from=soon")).toEqual({ limit: 100 });
  });
});

describe("zones", () => {
  test("have the fullest first, also that of users who named none", () => {
    expect(zonesOf([{ zone: null }, { zone: "TRADING" }, { zone: "CHAT" }, { zone: "TRADING" }])).toEqual([
      { zone: "TRADING", users: 2 },
      { zone: null, users: 1 },
      { zone: "CHAT", users: 1 },
    ]);
  });
});

describe("changes in the audit trail", () => {
  test("have a value before and after for each field that differs", () => {
    const details = { value: [null, { a: [1, 2] }], name: ["Cup", "Cup"], banned: [true, false] };
    expect(changesOf({ action: "settings.put", details })).toEqual([
      { field: "value", before: null, after: { a: [1, 2] } },
      { field: "banned", before: true, after: false },
    ]);
  });

  test.each([
    ["users.put", { wallets: ["ann", "bob", "cat"] }],
    ["contests.edit", {}],
    ["tokens.put", { websites: ["https://a.example", "https://b.example"] }],
  ])("are not made of other details (%s)", (action, details) => {
    expect(changesOf({ action, details })).toBeUndefined();
  });
});
