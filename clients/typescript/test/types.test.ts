import { describe, expectTypeOf, test } from "vitest";
import { http } from "../src/http.js";
import { channel, createClient, endpoint, leaderboard, market, room, type Client, type Store } from "../src/index.js";
import type { AllContests, ChatMessage, ChatMessages, Leaderboard, Price } from "../src/types.js";

/** Never called. All lines must compile but the marked ones, which must not. */
async function compiled(client: Client): Promise<void> {
  const contest = endpoint(client, "contest");
  expectTypeOf(await contest.request("get_chat_messages", { contestId: 2, limit: 10 })).toEqualTypeOf<ChatMessages>();
  await contest.request(
    "get_chat_messages",
    { contestId: 2 },
    { timeoutMs: 5000, signal: new AbortController().signal },
  );
  // @ts-expect-error A command of another endpoint.
  await contest.request("mark_read", { id: 1 });
  // @ts-expect-error A command that does not exist.
  await contest.request("get_chat_mesages", { contestId: 2 });
  // @ts-expect-error A field that the command does not have.
  await contest.request("get_chat_messages", { contestId: 2, limits: 10 });
  // @ts-expect-error A field that is missing.
  await contest.request("get_chat_messages", {});
  // @ts-expect-error A field of the wrong type.
  await contest.request("get_chat_messages", { contestId: 2, limit: "10" });
  // @ts-expect-error An endpoint that does not exist.
  endpoint(client, "contests");

  contest.on("chat_message", (message) => expectTypeOf(message).toEqualTypeOf<ChatMessage>());
  // @ts-expect-error A type that the endpoint does not send.
  contest.on("MARKET_PRICE", () => undefined);

  channel(client, "contest", "chat.2").on((message) => {
    if (message.type === "chat_message") expectTypeOf(message).toEqualTypeOf<ChatMessage>();
  });
  channel(client, "contest", "public.contests").on((message) => {
    // Only the snapshot has the whole list.
    if (message.type === "all_contests") expectTypeOf(message).toEqualTypeOf<AllContests>();
  });
  channel(client, "market-data", "market.*");
  // @ts-expect-error A channel of another endpoint.
  channel(client, "contest", "alerts");
  // @ts-expect-error A channel that does not exist.
  channel(client, "contest", "chats.2");

  expectTypeOf(market(client, "SOL").at("SOL")).toEqualTypeOf<Store<Price | undefined>>();
  expectTypeOf(leaderboard(client, 2).get()).toEqualTypeOf<Leaderboard | undefined>();
  // @ts-expect-error Values do not change.
  market(client, "SOL").get().clear();
  // @ts-expect-error A room has a number.
  room(client, "two");
  for (const entry of room(client, 2).get().chat) {
    if (entry.status === "sent") expectTypeOf(entry.id).toEqualTypeOf<number>();
    else expectTypeOf(entry.messageId).toEqualTypeOf<string>();
  }

  await http(client, "GET /api/v69/contests/{contest_id}", { parameters: { contest_id: 2 } });
  // @ts-expect-error An operation that does not exist.
  await http(client, "GET /api/v69/contest/{contest_id}", { parameters: { contest_id: 2 } });
  // @ts-expect-error A parameter that is missing.
  await http(client, "GET /api/v69/contests/{contest_id}", {});
  // @ts-expect-error A body that is missing.
  await http(client, "POST /api/v69/contests", {});

  // @ts-expect-error An option that does not exist.
  createClient({ url: "", tokens: "t1" });
  createClient({ url: "", webSocket: WebSocket });
}

describe("types", () => {
  test("accept right commands, fields and names, and refuse all others", () => {
    expectTypeOf(compiled).toBeFunction();
  });
});
