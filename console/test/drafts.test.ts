import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.resetModules();
  sessionStorage.clear();
});

const load = () => import("../src/data/drafts");

test("a draft that is sent again has the same idempotency key until it is changed or dropped", async () => {
  const { drafts } = await load();
  const typed = drafts<{ title: string }>();
  const keyOf = (title: string): string => typed.idempotencyKey("announcement", { title });
  const first = keyOf("A");
  expect(first).toMatch(/^[0-9a-f-]{36}$/);
  expect(keyOf("A")).toBe(first);
  expect(typed.idempotencyKey("other", { title: "A" })).not.toBe(first);
  const second = keyOf("B");
  expect(second).not.toBe(first);
  typed.drop("announcement");
  expect(keyOf("B")).not.toBe(second);
});

test("the idempotency key of a draft with a name outlives a reload of the page, as the draft does", async () => {
  const body = { portfolio: [{ symbol: "SOL", weight: 100 }] };
  const before = (await load()).drafts("duelcast.portfolio").idempotencyKey("2", body);
  vi.resetModules();
  const typed = (await load()).drafts("duelcast.portfolio");
  expect(typed.idempotencyKey("2", body)).toBe(before);
});

test("neither a draft nor its idempotency key is left to another user", async () => {
  const { drafts } = await load();
  const { user } = await import("../src/app/session");
  const typed = drafts("duelcast.portfolio");
  const ann = { wallet_address: "ann", role: "user" as const, nickname: null };
  user.set(ann);
  const before = typed.idempotencyKey("2", "x");
  user.set({ ...ann, wallet_address: "bob" });
  expect(typed.idempotencyKey("2", "x")).not.toBe(before);
});
