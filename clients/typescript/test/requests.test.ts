import { describe, expect, test, vi } from "vitest";
import { DuelcastError, droppedEvents, endpoint, track, type QueueStorage } from "../src/index.js";
import { settled } from "./fakes.js";
import { Harness } from "./harness.js";

class FakeStorage implements QueueStorage {
  readonly items = new Map<string, string>();

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
}

describe("requests", () => {
  test("beyond a thousand that wait fail at once", async () => {
    const { client } = new Harness({ token: "t1" });
    const codes: string[] = [];
    for (let i = 0; i < 1002; i++) {
      const result = endpoint(client, "contest").request("get_chat_messages", { contestId: i + 1 });
      result.catch((error: DuelcastError) => codes.push(error.code));
    }
    await settled();
    expect(codes).toEqual(["TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"]);
  });

  test("of a signal that was aborted before are not made", async () => {
    const harness = new Harness({ token: "t1" });
    const cause = new Error("too late");
    const options = { signal: AbortSignal.abort(cause) };
    const result = endpoint(harness.client, "contest").request("get_chat_messages", { contestId: 2 }, options);
    await expect(result).rejects.toMatchObject({ code: "ABORTED", cause });
    expect(harness.network.sockets).toHaveLength(0);
  });

  test("with events get an id for each of them, so that they may be repeated", async () => {
    const harness = new Harness({ token: "t1" });
    const body = { events: [{ event: "one" }, { event: "two", eventId: "mine" }] };
    endpoint(harness.client, "analytics")
      .request("track_event", body)
      .catch(() => undefined);
    await harness.establish();
    const { events } = harness.socket.sent.find(({ type }) => type === "track_event") ?? {};
    const [one, two] = events as Record<string, unknown>[];
    expect(one?.eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(two?.eventId).toBe("mine");
  });

  test("send what their body was, however it changes while they wait; one that cannot be sent harms no other", async () => {
    const harness = new Harness({ token: "t1" });
    const settings = endpoint(harness.client, "system-settings");
    const value = { mode: "dark" };
    const request = (given: unknown): Promise<unknown> =>
      settings.request("update_setting", { key: "theme", value: given });
    await expect(request(1n)).rejects.toThrow(TypeError);
    request(value).catch(() => undefined);
    value.mode = "light";
    await harness.establish();
    const commands = harness.socket.sent.filter(({ type }) => type === "update_setting");
    expect(commands).toMatchObject([{ value: { mode: "dark" } }]);
  });

  test("that have ended leave nothing at their signal", async () => {
    const { client } = new Harness({ token: "t1" });
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    client.close();
    const result = endpoint(client, "contest").request("get_chat_messages", { contestId: 2 }, { signal });
    await expect(result).rejects.toMatchObject({ code: "CLOSED" });
    expect(removed.mock.calls).toEqual(added.mock.calls);
    expect(removed.mock.invocationCallOrder.at(-1)).toBeGreaterThan(added.mock.invocationCallOrder.at(-1) ?? Infinity);
  });

  test("fail without showing a token", async () => {
    const token = "header.secret.signature";
    const harness = new Harness({ token });
    const result = endpoint(harness.client, "contest").request("get_chat_messages", { contestId: 2 });
    const failed = result.catch((error: unknown) => error);
    await settled();
    harness.socket.opened();
    harness.socket.lost(4001, token);
    await settled();
    harness.socket.lost(4001, token);
    const error = (await failed) as DuelcastError;
    expect(error.code).toBe("UNAUTHORIZED");
    expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain("secret");
  });

  test("say whether the same attempt may succeed later", () => {
    expect(new DuelcastError("UNAVAILABLE", "").retriable).toBe(true);
    expect(new DuelcastError("TIMEOUT", "").retriable).toBe(true);
    expect(new DuelcastError("MUTED", "", { retryAfterMs: 5 }).retriable).toBe(true);
    expect(new DuelcastError("INVALID_REQUEST", "").retriable).toBe(false);
  });
});

describe("tracked events", () => {
  test("that cannot be JSON are refused, and harm no other", async () => {
    const harness = new Harness({ token: "t1" });
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    await expect(track(harness.client, "circle", circle)).rejects.toThrow(TypeError);
    await expect(track(harness.client, "big", { value: 1n })).rejects.toThrow(TypeError);
    void track(harness.client, "fine");
    await harness.establish();
    const commands = harness.socket.sent.filter(({ type }) => type === "track_event");
    expect(commands).toMatchObject([{ events: [{ event: "fine" }] }]);
  });

  test("beyond a thousand push out the oldest, which are counted", async () => {
    const { client } = new Harness({ token: "t1" });
    const codes: string[] = [];
    for (let i = 0; i < 1003; i++) track(client, `event${i}`).catch((error: DuelcastError) => codes.push(error.code));
    await settled();
    expect(codes).toEqual(["EVENT_DROPPED", "EVENT_DROPPED", "EVENT_DROPPED"]);
    expect(droppedEvents(client)).toBe(3);
  });

  test("are sent up to a hundred at a time, and never more than the server accepts", async () => {
    const harness = new Harness({ token: "t1" });
    for (let i = 0; i < 250; i++) void track(harness.client, "small");
    for (let i = 0; i < 5; i++) void track(harness.client, "large", { text: "é".repeat(8000) });
    await harness.establish();
    const sizes: number[] = [];
    for (;;) {
      const command = harness.socket.sent.at(-1);
      if (command?.type !== "track_event") break;
      sizes.push((command.events as unknown[]).length);
      expect(new TextEncoder().encode(JSON.stringify(command)).length).toBeLessThan(65_536);
      harness.socket.sent.length = 0;
      harness.socket.receive({ type: "event_tracked", events: command.events, requestId: command.requestId });
      await settled();
    }
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(255);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
  });

  test("wait while the client is signed out, or refused, for another token", async () => {
    const harness = new Harness();
    const { client } = harness;
    const tracked = track(client, "opened");
    await harness.frame();
    expect(client.state.get().analytics.is).toBe("signed_out");
    client.setToken("banned");
    await harness.establish();
    const first = harness.socket.sent.at(-1);
    expect(first).toMatchObject({ type: "track_event", events: [{ event: "opened" }] });
    harness.socket.lost(4003);
    await harness.frame();
    expect(client.state.get().analytics.is).toBe("refused");
    expect(harness.clock.timers).toBe(0);
    client.setToken("t1");
    await harness.establish();
    const command = harness.socket.sent.at(-1);
    expect(command?.events).toEqual(first?.events);
    harness.socket.receive({ type: "event_tracked", events: command?.events, requestId: command?.requestId });
    expect(await tracked).toMatchObject({ event: "opened" });
  });

  test("are what they were when they were tracked, and one that cannot be sent harms no other", async () => {
    const harness = new Harness({ token: "t1" });
    const data = { price: 1 };
    await expect(track(harness.client, "impossible", { price: 1n })).rejects.toThrow(TypeError);
    void track(harness.client, "opened", data);
    data.price = 2;
    await harness.establish();
    const { events } = harness.socket.sent.at(-1) ?? {};
    expect(events).toMatchObject([{ event: "opened", data: { price: 1 } }]);
  });

  test("wait even if a thousand requests do", async () => {
    const harness = new Harness({ token: "t1" });
    for (let i = 0; i < 1000; i++) {
      endpoint(harness.client, "analytics")
        .request("get_server_stats", {})
        .catch(() => undefined);
    }
    void track(harness.client, "opened");
    await harness.establish();
    expect(harness.socket.sent.at(-1)).toMatchObject({ type: "track_event", events: [{ event: "opened" }] });
  });

  test("that wait when the client is closed fail, and stay in the storage for the next one", async () => {
    const storage = new FakeStorage();
    const before = new Harness({ token: "t1", storage });
    const tracked = [track(before.client, "one")];
    await before.establish();
    tracked.push(track(before.client, "two"));
    before.client.close();
    tracked.push(track(before.client, "three"));
    for (const result of tracked) await expect(result).rejects.toMatchObject({ code: "CLOSED" });
    const after = new Harness({ token: "t1", storage });
    void track(after.client, "four");
    await after.establish();
    const events = after.socket.sent.at(-1)?.events as { event: string }[];
    expect(events.map(({ event }) => event)).toEqual(["one", "two", "three", "four"]);
  });

  test("survive a reload of the page in the storage, unless they are too old for the server", async () => {
    const storage = new FakeStorage();
    const { items } = storage;
    const before = new Harness({ token: "t1", storage });
    void track(before.client, "kept");
    const [[key, saved]] = [...items] as [[string, string]];
    const old = { event: "old", eventId: "1", occurredAt: "2025-12-01T00:00:00.000Z" };
    items.set(key, JSON.stringify([old, ...(JSON.parse(saved) as unknown[]), null, 7]));
    const after = new Harness({ token: "t1", storage });
    void track(after.client, "new");
    await after.establish();
    const events = after.socket.sent.at(-1)?.events as { event: string }[];
    expect(events.map(({ event }) => event)).toEqual(["kept", "new"]);
  });

  test("are not lost on a storage that is full or damaged", async () => {
    const storage = {
      getItem: () => "{damaged",
      setItem: () => {
        throw new Error("The quota is exceeded.");
      },
    };
    const harness = new Harness({ token: "t1", storage });
    void track(harness.client, "one");
    await harness.establish();
    expect(harness.socket.sent.at(-1)).toMatchObject({ type: "track_event", events: [{ event: "one" }] });
  });
});
