import { expectTypeOf, test } from "vitest";
import type {
  ChatEntry,
  Client,
  ConnectionState,
  DuelcastError,
  InboxValue,
  Room,
  RoomValue,
  Store,
} from "../../src/index.js";
import {
  DuelcastProvider,
  useConnection,
  useDuelcast,
  useInbox,
  useLeaderboard,
  usePrice,
  usePrices,
  useRoom,
  useStore,
  type Live,
} from "../../src/react/index.js";
import type { ChatMessage, Leaderboard, Price } from "../../src/types.js";

declare const client: Client;
declare const here: Room;
declare const counter: Store<number>;

test("the hooks have the types of the contract", () => {
  expectTypeOf(useDuelcast).returns.toEqualTypeOf<Client>();
  expectTypeOf(usePrice).returns.toEqualTypeOf<Live<Price | undefined>>();
  expectTypeOf(usePrices).returns.toEqualTypeOf<Live<ReadonlyMap<string, Price>>>();
  expectTypeOf(useLeaderboard).returns.toEqualTypeOf<Live<Leaderboard | undefined>>();
  expectTypeOf(useRoom).returns.toExtend<Live<RoomValue>>();
  expectTypeOf<ReturnType<typeof useRoom>["send"]>().returns.toEqualTypeOf<Promise<ChatMessage>>();
  expectTypeOf(useInbox).returns.toExtend<Live<InboxValue>>();
  expectTypeOf(useConnection).returns.toEqualTypeOf<ConnectionState>();
  expectTypeOf<Live<number>["status"]>().toEqualTypeOf<"loading" | "live" | "stale" | "refused">();
  expectTypeOf<Live<number>["error"]>().toEqualTypeOf<DuelcastError | undefined>();
});

/** Never runs: what must compile, and what must not. */
export function Compiled(): unknown {
  expectTypeOf(useStore(counter)).toEqualTypeOf<Live<number>>();
  expectTypeOf(useStore(here, ({ chat }) => chat)).toEqualTypeOf<Live<readonly ChatEntry[]>>();
  expectTypeOf(useStore(counter, String, (before, after) => before === after)).toEqualTypeOf<Live<string>>();
  // @ts-expect-error: a contest is named by a number.
  useLeaderboard("2");
  // @ts-expect-error: there is no such endpoint.
  useConnection("contests");
  // @ts-expect-error: a room has no such member.
  useStore(here, ({ chats }) => chats);
  // @ts-expect-error: a comparison is of what the selector returns.
  useStore(counter, String, (before: number, after: number) => before === after);
  // @ts-expect-error: a live value does not change in the hands of a component.
  usePrice("SOL").value = undefined;
  // @ts-expect-error: a provider needs a client.
  return [<DuelcastProvider key="1" />, <DuelcastProvider key="2" client={client} />];
}
