import { describe, expect, test, vi } from "vitest";
import { channel, inbox, latest, leaderboard, market, room } from "../src/index.js";
import { settled } from "./fakes.js";
import { Harness, price } from "./harness.js";

describe("a store", () => {
  test("is the same one for the same client and name", () => {
    const [one, other] = [new Harness().client, new Harness().client];
    expect(market(one, "SOL")).toBe(market(one, "SOL"));
    expect(market(one, "SOL").at("SOL")).toBe(market(one, "SOL").at("SOL"));
    expect(market(one, "sol").at("Sol")).toBe(market(one, "SOL").at("SOL"));
    expect(market(one, "SOL")).not.toBe(market(one, "BTC"));
    expect(market(one, "SOL")).not.toBe(market(other, "SOL"));
    expect(room(one, 2)).toBe(room(one, 2));
    expect(inbox(one)).toBe(inbox(one));
  });

  test("calls its listeners once per frame, however many messages arrive", async () => {
    const harness = new Harness();
    const [listener, other] = [vi.fn(), vi.fn()];
    const prices = market(harness.client, "*");
    prices.at("SOL").subscribe(listener);
    prices.at("BTC").subscribe(other);
    await harness.establish([price("SOL", 1), price("BTC", 1)]);
    listener.mockClear();
    other.mockClear();
    for (let value = 2; value < 1000; value++) harness.socket.receive(price("SOL", value, value));
    expect(prices.at("SOL").get()?.price).toBe(1);
    await harness.frame();
    expect(prices.at("SOL").get()?.price).toBe(999);
    expect(listener).toHaveBeenCalledTimes(1);
    expect(other).not.toHaveBeenCalled();
  });

  test("gives the same object until something in it has changed", async () => {
    const harness = new Harness();
    const [prices, top] = [market(harness.client, "*"), leaderboard(harness.client, 2)];
    const [chat, notes] = [room(harness.client, 2), inbox(harness.client)];
    expect(prices.get()).toBe(prices.get());
    expect(chat.get()).toBe(chat.get());
    expect(notes.get()).toBe(notes.get());
    expect(top.get()).toBeUndefined();
    prices.subscribe(() => undefined);
    await harness.establish([price("SOL", 1)]);
    const before = prices.get();
    expect(prices.get()).toBe(before);
    await harness.frame();
    expect(prices.get()).toBe(before);
    harness.socket.receive(price("SOL", 2, 3));
    await harness.frame();
    expect(prices.get()).not.toBe(before);
    expect(before.get("SOL")?.price).toBe(1);
  });

  test("survives a listener that throws, and reports its error once", async () => {
    const harness = new Harness();
    const reported = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const error = new Error("of the application");
    const listener = vi.fn();
    const prices = market(harness.client, "SOL");
    await harness.frame();
    prices.subscribe(() => {
      throw error;
    });
    prices.subscribe(listener);
    await harness.frame();
    expect(listener).toHaveBeenCalledTimes(1);
    expect(reported.mock.calls).toEqual([[error]]);
    reported.mockRestore();
  });

  test("opens one connection if it is wanted, released and wanted again at once, as React does in development", async () => {
    const harness = new Harness();
    const prices = market(harness.client, "SOL");
    const listener = vi.fn();
    prices.subscribe(listener)();
    const release = prices.subscribe(listener);
    prices.subscribe(listener);
    await harness.establish([price("SOL", 1)]);
    expect(harness.network.sockets).toHaveLength(1);
    expect(harness.socket.sent.filter(({ type }) => type === "subscribe")).toHaveLength(1);
    release();
    release();
    await harness.clock.advance(60_000);
    expect(harness.socket.sent.filter(({ type }) => type === "unsubscribe")).toHaveLength(0);
  });

  test("is joined together with all others that become wanted in the same turn, 500 channels in a message", async () => {
    const harness = new Harness();
    market(harness.client, "S0").subscribe(() => undefined);
    await harness.establish();
    harness.socket.sent.length = 0;
    for (let i = 1; i <= 600; i++) market(harness.client, `S${i}`).subscribe(() => undefined);
    await settled();
    expect(harness.socket.sent.map(({ type }) => type)).toEqual(["subscribe", "subscribe", "ping"]);
    expect(harness.socket.sent[0]?.channels).toHaveLength(500);
    expect(harness.socket.sent[1]?.channels).toHaveLength(100);
  });

  test("leaves no listener of the page, timer or socket when nothing is wanted any more", async () => {
    const harness = new Harness();
    const release = market(harness.client, "SOL").subscribe(() => undefined);
    await harness.establish();
    expect(harness.page.listeners.size).toBe(1);
    release();
    await harness.clock.advance(5000);
    expect(harness.socket.closedWith).toBe(1000);
    expect(harness.page.listeners.size).toBe(0);
    expect(harness.clock.timers).toBe(0);
  });

  test("is refused, with the error, when the rights of the user end", async () => {
    const harness = new Harness();
    const prices = market(harness.client, "SOL");
    prices.subscribe(() => undefined);
    await harness.establish([price("SOL", 1)]);
    harness.socket.receive({ type: "unsubscription_confirmed", channel: "market.SOL", reason: "rights" });
    await harness.frame();
    expect(prices.status).toBe("refused");
    expect(prices.error?.code).toBe("SUBSCRIPTION_DENIED");
    expect(prices.get().get("SOL")?.price).toBe(1);
  });
});

describe("the newest values of a channel", () => {
  const name = "public.contests";
  const state = (id: number, status: string): object => ({
    type: "contest_state",
    data: { id, status },
    channel: name,
  });

  test("come by the key that the reader finds, until they are removed or a snapshot lacks them", async () => {
    const harness = new Harness();
    const contests = latest(harness.client, "contest", name, (message) => {
      if (message.type === "all_contests") return message.data.map((one) => [one.id, one.status] as const);
      if (message.type === "contest_state") return [[message.data.id, message.data.status] as const];
      return [[message.contestId, undefined] as const];
    });
    contests.subscribe(() => undefined);
    const listed = [1, 2, 3].map((id) => ({ id, status: "pending" }));
    await harness.establish([{ type: "all_contests", data: listed, channel: name }, state(3, "active")]);
    expect([...contests.get()]).toEqual([
      [1, "pending"],
      [2, "pending"],
      [3, "active"],
    ]);
    harness.socket.receive({ type: "contest_removed", contestId: 1, channel: name });
    await harness.frame();
    expect([...contests.get().keys()]).toEqual([2, 3]);
    harness.socket.lost(1012);
    await harness.clock.advance(1000);
    await harness.establish([state(3, "completed")]);
    expect([...contests.get()]).toEqual([[3, "completed"]]);
  });
});

describe("values of a user", () => {
  const note = { id: 1, type: "LEVEL_UP", title: "Note", read: false, timestamp: "2026-01-01T00:00:00.000Z" };
  const own = { channel: "user.notifications.ann" };

  /** The server accepts the token of a user. */
  async function identify(harness: Harness, wallet: string): Promise<void> {
    await settled();
    harness.socket.opened();
    harness.socket.receive({ type: "auth_success", user: { wallet_address: wallet }, expiresAt: null });
  }

  /** Ann has got a notification. */
  async function signedIn(): Promise<Harness> {
    const harness = new Harness({ token: "ann" });
    inbox(harness.client).subscribe(() => undefined);
    await identify(harness, "ann");
    harness.socket.receive({ type: "notification_batch", data: [note], ...own });
    await harness.frame();
    return harness;
  }

  test("go as soon as another user is signed in", async () => {
    const harness = await signedIn();
    const notes = inbox(harness.client);
    harness.socket.receive({ type: "unread_count", count: 1, version: 0, ...own });
    harness.socket.receive({ type: "connection_established", epoch: "E1", positions: { [own.channel]: 1 } });
    await harness.answer();
    expect(notes.get()).toMatchObject({ unread: { count: 1, version: 0 }, notifications: [{ id: 1 }] });
    harness.client.setToken("bob");
    await settled();
    expect(harness.network.sockets).toHaveLength(2);
    expect(harness.socket.url).not.toContain("since=");
    await identify(harness, "bob");
    await harness.frame();
    expect(notes.get()).toMatchObject({ unread: undefined, notifications: [] });
  });

  test("stay if the same user has another token", async () => {
    const harness = await signedIn();
    harness.client.setToken("ann again");
    await identify(harness, "ann");
    await harness.frame();
    expect(inbox(harness.client).get().notifications).toMatchObject([{ id: 1 }]);
  });
});

describe("an inbox", () => {
  test("keeps the newest thousand notifications", async () => {
    const harness = new Harness({ token: "ann" });
    const notes = inbox(harness.client);
    notes.subscribe(() => undefined);
    await harness.establish();
    for (let id = 1005; id > 0; id--) {
      harness.socket.receive({ type: "notification", data: { id }, channel: "user.notifications.ann" });
    }
    await harness.frame();
    const ids = notes.get().notifications.map(({ id }) => id);
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([1000, 1005, 6]);
  });

  test("that is released leaves other channels alone", async () => {
    const harness = new Harness({ token: "ann" });
    const release = inbox(harness.client).subscribe(() => undefined);
    channel(harness.client, "notifications", "system.announcements").on(() => undefined);
    await harness.establish();
    harness.socket.sent.length = 0;
    release();
    await harness.clock.advance(6000);
    expect(harness.socket.sent).toEqual([]);
  });
});

describe("a room", () => {
  async function joined(): Promise<Harness> {
    const harness = new Harness({ token: "ann" });
    room(harness.client, 2).subscribe(() => undefined);
    await settled();
    harness.socket.opened();
    harness.socket.receive({ type: "connection_established", epoch: "E1", positions: {} });
    const requestId = harness.socket.sent.find(({ type }) => type === "join_contest_room")?.requestId;
    const members = [{ wallet: "bob" }, { wallet: "ann" }];
    const reply = { type: "contest_room_joined", contestId: 2, role: "participant", members, memberCount: 150 };
    harness.socket.receive({ ...reply, positions: { "chat.2": 0 }, requestId });
    await harness.answer();
    return harness;
  }
  const presence = (action: string, wallet: string): object => {
    return { type: "user_presence", contestId: 2, action, user: { wallet, nickname: null }, channel: "presence.2" };
  };

  test("lists members in the order of joining, and counts those that it does not list", async () => {
    const harness = await joined();
    harness.socket.receive(presence("join", "cleo"), presence("join", "ann"), presence("leave", "somebody"));
    harness.socket.receive(presence("leave", "bob"));
    await harness.frame();
    const { members, memberCount } = room(harness.client, 2).get();
    expect(members.map(({ wallet }) => wallet)).toEqual(["ann", "cleo"]);
    expect(memberCount).toBe(149);
  });

  test("is joined before a message is sent to it", async () => {
    const harness = new Harness({ token: "ann" });
    leaderboard(harness.client, 2).subscribe(() => undefined);
    await harness.establish();
    harness.socket.sent.length = 0;
    room(harness.client, 2)
      .send("gg")
      .catch(() => undefined);
    await settled();
    expect(harness.socket.sent.map(({ type }) => type)).toEqual(["join_contest_room", "ping", "send_chat_message"]);
  });

  test("takes the answer to its own message even while it asks for missing ones", async () => {
    const { client, socket } = await joined();
    const sending = room(client, 2).send("gg");
    const command = socket.sent.at(-1);
    const data = { id: 9, contestId: 2, text: "gg", messageId: command?.messageId };
    const push = { type: "chat_message", contestId: 2, data, channel: "chat.2", seq: 5 };
    socket.receive({ ...push, requestId: command?.requestId });
    expect(socket.sent.slice(-2)).toMatchObject([{ type: "subscribe" }, { type: "ping" }]);
    expect((await sending).data.id).toBe(9);
  });

  test("sends a message that has failed again in its own place, and removes one that is dismissed", async () => {
    const harness = await joined();
    const { client, socket } = harness;
    const texts = (): string[] =>
      room(client, 2)
        .get()
        .chat.map(({ text, status }) => `${text} ${status}`);
    const refuse = async (text: string): Promise<string> => {
      const sending = room(client, 2).send(text);
      const command = socket.sent.at(-1);
      socket.receive({ type: "error", code: "MUTED", message: "Wait.", requestId: command?.requestId });
      await expect(sending).rejects.toMatchObject({ code: "MUTED" });
      return command?.messageId as string;
    };
    const [first, second] = [await refuse("one"), await refuse("two")];
    await harness.frame();
    expect(texts()).toEqual(["one failed", "two failed"]);
    const again = room(client, 2).send("one", { messageId: first });
    room(client, 2).dismiss(second);
    await harness.frame();
    expect(texts()).toEqual(["one pending"]);
    const command = socket.sent.at(-1);
    expect(command).toMatchObject({ type: "send_chat_message", messageId: first });
    const data = { id: 7, contestId: 2, text: "one", messageId: first };
    socket.receive({
      type: "chat_message",
      contestId: 2,
      data,
      channel: "chat.2",
      seq: 1,
      requestId: command?.requestId,
    });
    expect((await again).data.id).toBe(7);
    await harness.frame();
    expect(texts()).toEqual(["one sent"]);
  });
});
