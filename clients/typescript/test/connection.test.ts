import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { channel, createClient, endpoint, market, room, type WebSocketClass } from "../src/index.js";
import { FakeSocket, settled } from "./fakes.js";
import { Harness, price } from "./harness.js";
import { FakeServer, said } from "./server.js";

describe("frames that no server sends", () => {
  const values = [null, true, 0, -1, 1e300, "", "x", [], [null], {}, { a: 1 }, [["a", 1]]];
  const types = [
    ...[
      "connection_established",
      "auth_success",
      "pong",
      "subscription_confirmed",
      "unsubscription_confirmed",
      "error",
    ],
    ...["MARKET_PRICE", "chat_message", "chat_message_deleted", "user_presence", "contest_room_joined", "unread_count"],
    ...["notification", "notification_batch", "notification_removed", "read_confirmed", "leaderboard_update", "ERROR"],
  ];
  const members = [
    "channel",
    "seq",
    "data",
    "requestId",
    "epoch",
    "positions",
    "expiresAt",
    "timestamp",
    "user",
    "ids",
  ];

  test("neither stop the client nor throw", async () => {
    const harness = new Harness();
    const prices = market(harness.client, "SOL");
    prices.subscribe(() => undefined);
    await harness.establish([price("SOL", 1)]);
    const { socket } = harness;
    socket.receive("", "{", "null", "[]", '"text"', "1", "{}", '{"type":1}', '{"type":null}', "x".repeat(1_000_000));
    socket.receive(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    socket.onmessage?.({ data: new ArrayBuffer(8) });
    for (const type of types) {
      for (const value of values) {
        for (const member of members) socket.receive({ type, [member]: value });
        socket.receive({ type, ...Object.fromEntries(members.map((member) => [member, value])) });
        socket.receive({ type, channel: "market.SOL", data: value, seq: 1e15, requestId: "1", code: value });
      }
    }
    await harness.frame();
    expect(harness.network.sockets).toHaveLength(1);
    socket.receive(price("SOL", 5, 1e15 + 1));
    await harness.frame();
    expect(prices.at("SOL").get()?.price).toBe(5);
  });
});

describe("a socket", () => {
  test("that has ended reports nothing to the connection that follows", async () => {
    const harness = new Harness();
    const prices = market(harness.client, "SOL");
    prices.subscribe(() => undefined);
    await harness.establish([price("SOL", 1)]);
    const old = harness.socket;
    harness.client.setToken("t1");
    await settled();
    expect(old.closedWith).toBe(1000);
    await harness.establish([price("SOL", 2)]);
    const { sent } = harness.socket;
    const before = sent.length;
    old.opened();
    old.receive(price("SOL", 3, 3));
    old.lost();
    await harness.frame();
    expect(harness.client.state.get()["market-data"].is).toBe("open");
    expect(prices.get().get("SOL")?.price).toBe(2);
    expect(sent).toHaveLength(before);
  });

  test("may answer before `send` returns", async () => {
    const harness = new Harness({ token: "t1" });
    const [prices, here] = [market(harness.client, "SOL"), room(harness.client, 2)];
    prices.subscribe(() => undefined);
    here.subscribe(() => undefined);
    const sending = here.send("gg");
    await settled();
    for (const socket of harness.network.sockets) {
      const snapshot = socket.url.endsWith("market-data") ? [price("SOL", 1)] : [said(1, "Hello")];
      const server = new FakeServer(socket, snapshot);
      socket.send = (text) => {
        FakeSocket.prototype.send.call(socket, text);
        server.answer();
      };
      server.accept();
    }
    expect((await sending).data.id).toBe(6);
    await harness.frame();
    expect([prices.status, here.status]).toEqual(["live", "live"]);
    expect(prices.get().get("SOL")?.price).toBe(1);
    expect(here.get().chat.map(({ text, status }) => `${text} ${status}`)).toEqual(["Hello sent", "gg sent"]);
    expect(harness.client.clockOffsetMs.get()).toBe(0);
  });

  test("that cannot be made means that the client is refused, and says why", async () => {
    const cause = new SyntaxError("The URL is invalid.");
    const broken = function broken(): void {
      throw cause;
    };
    const harness = new Harness({ webSocket: broken as unknown as WebSocketClass });
    const result = endpoint(harness.client, "contest").request("get_chat_messages", { contestId: 2 });
    await expect(result).rejects.toMatchObject({ code: "REFUSED", cause });
    await harness.clock.advance(600_000);
    await harness.frame();
    expect(harness.client.state.get().contest).toMatchObject({ is: "refused", error: { cause } });
  });

  test("of the package ws is closed by the client, even if it is not open yet", async () => {
    const server = new WebSocketServer({ port: 0 });
    await once(server, "listening");
    const client = createClient({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      webSocket: WebSocket,
    });
    const connected = once(server, "connection") as Promise<[WebSocket, { url: string }]>;
    market(client, "SOL").subscribe(() => undefined);
    const [socket, request] = await connected;
    expect(request.url).toBe("/api/v69/ws/market-data");
    const [first] = (await once(socket, "message")) as [Buffer];
    expect(JSON.parse(first.toString())).toMatchObject({ type: "subscribe", channels: ["market.SOL"] });
    const closed = once(socket, "close");
    client.close();
    expect((await closed)[0]).toBe(1000);
    // An attempt that is given up before it is open must not stop the process.
    const other = createClient({ url: "http://127.0.0.1:1", webSocket: WebSocket });
    market(other, "SOL").subscribe(() => undefined);
    await settled();
    other.close();
    server.close();
    await once(server, "close");
  });
});

describe("a jump of the clock", () => {
  test("makes a connection prove that it is alive", async () => {
    const harness = new Harness();
    market(harness.client, "SOL").subscribe(() => undefined);
    await harness.establish();
    harness.socket.sent.length = 0;
    await harness.clock.runNextLate(3_600_000);
    expect(harness.socket.sent).toMatchObject([{ type: "ping" }]);
    await harness.clock.advance(3000);
    expect(harness.client.state.get()["market-data"].is).toBe("open");
    await harness.frame();
    expect(harness.client.state.get()["market-data"].is).toBe("waiting");
  });

  test("ends the wait for the next attempt", async () => {
    const harness = new Harness();
    market(harness.client, "SOL").subscribe(() => undefined);
    await harness.establish();
    harness.socket.lost();
    await harness.clock.runNextLate(3_600_000);
    expect(harness.network.sockets).toHaveLength(2);
  });

  test("backwards does not make the client wait longer", async () => {
    const harness = new Harness();
    market(harness.client, "SOL").subscribe(() => undefined);
    await harness.establish();
    harness.socket.lost();
    await harness.clock.runNextLate(-3_600_000);
    expect(harness.network.sockets).toHaveLength(2);
  });

  test("does not count as time in which an answer could have come", async () => {
    const harness = new Harness();
    const settledWith = vi.fn();
    endpoint(harness.client, "market-data").request("get_subscriptions", {}).catch(settledWith);
    await harness.establish();
    await harness.clock.advance(4000);
    market(harness.client, "SOL").subscribe(() => undefined)();
    await harness.clock.runNextLate(3_600_000);
    expect(settledWith).not.toHaveBeenCalled();
  });
});

describe("a client that the server does not accept", () => {
  const refusal = (message: string): object => ({ type: "error", code: "PERMISSION_DENIED", message });

  test("has the sentence of the server, in its state and in stores without values", async () => {
    const harness = new Harness({ token: "t1" });
    const here = room(harness.client, 2);
    here.subscribe(() => undefined);
    await settled();
    harness.socket.opened();
    harness.socket.receive(refusal("This wallet is banned."));
    harness.socket.lost(4003, "banned");
    await harness.frame();
    const error = { code: "PERMISSION_DENIED", message: "This wallet is banned." };
    expect(harness.client.state.get().contest).toMatchObject({ is: "refused", error });
    expect(here).toMatchObject({ status: "refused", error });
  });

  test("has no sentence of an earlier connection or of an error before the last message", async () => {
    const harness = new Harness({ token: "t1" });
    room(harness.client, 2).subscribe(() => undefined);
    await settled();
    harness.socket.opened();
    harness.socket.receive(refusal("Not now."), { type: "system_announcement" });
    harness.socket.lost(1003);
    await harness.frame();
    expect(harness.client.state.get().contest).toMatchObject({ error: { code: "REFUSED" } });
    expect(harness.client.state.get().contest).not.toMatchObject({ error: { message: "Not now." } });
    harness.client.setToken("t2");
    await settled();
    harness.socket.opened();
    harness.socket.receive(refusal("Later."));
    harness.socket.lost(1011);
    await harness.clock.advance(1000);
    harness.socket.lost(4003);
    await harness.frame();
    expect(harness.client.state.get().contest).not.toMatchObject({ error: { message: "Later." } });
  });
});

describe("handlers of messages", () => {
  test("get every message of their type, and one that throws stops no other", async () => {
    const harness = new Harness();
    const reported = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const market_data = endpoint(harness.client, "market-data");
    const handler = vi.fn();
    market_data.on("MARKET_PRICE", () => {
      throw new Error("of the application");
    });
    const stop = market_data.on("MARKET_PRICE", handler);
    market(harness.client, "SOL").subscribe(() => undefined);
    await harness.establish([price("SOL", 1)]);
    expect(handler).toHaveBeenCalledTimes(1);
    stop();
    harness.socket.receive(price("SOL", 2, 3));
    expect(handler).toHaveBeenCalledTimes(1);
    expect(reported).toHaveBeenCalledTimes(2);
    reported.mockRestore();
  });

  test("and listeners may use the client while it is at work", async () => {
    const harness = new Harness({ schedule: (run) => run() });
    const { client } = harness;
    market(client, "SOL").subscribe(() => undefined);
    client.state.subscribe(() => {
      if (client.state.get()["market-data"].is === "open") client.close();
    });
    await harness.establish();
    expect(client.state.get()["market-data"].is).toBe("closed");
    expect(harness.socket.closedWith).toBe(1000);
    expect(harness.clock.timers).toBe(0);
  });

  test("of a channel may use the client", async () => {
    const harness = new Harness({ token: "t1" });
    const { client } = harness;
    const seen: number[] = [];
    channel(client, "circuit-breaker", "alerts").on((message) => {
      if (message.type !== "service:alert") return;
      seen.push(message.seq ?? 0);
      void endpoint(client, "circuit-breaker")
        .request("get_subscriptions", {})
        .catch(() => undefined);
    });
    await harness.establish([
      { type: "service:alert", channel: "alerts", seq: 2 },
      { type: "service:alert", channel: "alerts", seq: 3 },
    ]);
    expect(seen).toEqual([2, 3]);
    expect(harness.socket.sent.filter(({ type }) => type === "get_subscriptions")).toHaveLength(2);
  });
});
