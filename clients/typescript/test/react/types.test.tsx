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
import * as hooks from "../../src/react/index.js";
import type { ChatMessage, Leaderboard, Price } from "../../src/types.js";

declare const client: Client;
declare const here: Room;
declare const counter: Store<number>;

test("the hooks have the types of the contract", () => {
  expectTypeOf(hooks.useDuelcast).returns.toEqualTypeOf<Client>();
  expectTypeOf(hooks.usePrice).returns.toEqualTypeOf<hooks.Live<Price | undefined>>();
  expectTypeOf(hooks.usePrices).returns.toEqualTypeOf<hooks.Live<ReadonlyMap<string, Price>>>();
  expectTypeOf(hooks.useLeaderboard).returns.toEqualTypeOf<hooks.Live<Leaderboard | undefined>>();
  expectTypeOf(hooks.useRoom).returns.toExtend<hooks.Live<RoomValue>>();
  expectTypeOf<ReturnType<typeof hooks.useRoom>["send"]>().returns.toEqualTypeOf<Promise<ChatMessage>>();
  expectTypeOf(hooks.useInbox).returns.toExtend<hooks.Live<InboxValue>>();
  expectTypeOf(hooks.useConnection).returns.toEqualTypeOf<ConnectionState>();
  expectTypeOf<hooks.Live<number>["status"]>().toEqualTypeOf<"loading" | "live" | "stale" | "refused">();
  expectTypeOf<hooks.Live<number>["error"]>().toEqualTypeOf<DuelcastError | undefined>();
});

/** Never runs: what must compile, and what must not. */
export function Compiled(): unknown {
  expectTypeOf(hooks.useStore(counter)).toEqualTypeOf<hooks.Live<number>>();
  expectTypeOf(hooks.useStore(here, ({ chat }) => chat)).toEqualTypeOf<hooks.Live<readonly ChatEntry[]>>();
  expectTypeOf(hooks.useStore(counter, String, (before, after) => before === after)).toEqualTypeOf<
    hooks.Live<string>
  >();
  // @ts-expect-error: a contest is named by a number.
  hooks.useLeaderboard("2");
  // @ts-expect-error: there is no such endpoint.
  hooks.useConnection("contests");
  // @ts-expect-error: a room has no such member.
  hooks.useStore(here, ({ chats }) => chats);
  // @ts-expect-error: a comparison is of what the selector returns.
  hooks.useStore(counter, String, (before: number, after: number) => before === after);
  // @ts-expect-error: a live value does not change in the hands of a component.
  hooks.usePrice("SOL").value = undefined;
  // @ts-expect-error: a provider needs a client.
  return [<hooks.DuelcastProvider key="1" />, <hooks.DuelcastProvider key="2" client={client} />];
}
