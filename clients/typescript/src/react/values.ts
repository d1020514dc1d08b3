import { useMemo } from "react";
import type { Leaderboard, Price } from "../generated/messages.js";
import { inbox, type Inbox, type InboxValue } from "../stores/inbox.js";
import { leaderboard } from "../stores/leaderboard.js";
import { market } from "../stores/market.js";
import { room, type Room, type RoomValue } from "../stores/room.js";
import { useDuelcast } from "./provider.js";
import { useStore, type Live } from "./use-store.js";

/**
 * The newest price of a symbol; only that symbol is followed, and the component renders only when its price changes.
 *
 * In a table of all symbols, let each row use `useStore(market(client, "*").at(symbol))`: one subscription for all rows.
 */
export function usePrice(symbol: string): Live<Price | undefined> {
  return useStore(market(useDuelcast(), symbol).at(symbol));
}

/** The newest prices of all symbols, by symbol. The component renders when any of them changes, at most once per frame. */
export function usePrices(): Live<ReadonlyMap<string, Price>> {
  return useStore(market(useDuelcast(), "*"));
}

/** The first 100 rows of a contest's leaderboard; `undefined` until they have arrived. */
export function useLeaderboard(contestId: number): Live<Leaderboard | undefined> {
  return useStore(leaderboard(useDuelcast(), contestId));
}

/** The room of a contest, which is joined while the component is mounted, and what a user does in it. */
export function useRoom(contestId: number): Live<RoomValue> & Pick<Room, "send" | "dismiss"> {
  const here = room(useDuelcast(), contestId);
  const live = useStore(here);
  return useMemo(() => {
    return { ...live, send: (...said) => here.send(...said), dismiss: (messageId) => here.dismiss(messageId) };
  }, [here, live]);
}

/** The notifications of the user, or without a token the announcements alone, and what marks them as read. */
export function useInbox(): Live<InboxValue> & Pick<Inbox, "markRead" | "markAllRead"> {
  const own = inbox(useDuelcast());
  const live = useStore(own);
  return useMemo(() => {
    return { ...live, markRead: (ids) => own.markRead(ids), markAllRead: (types) => own.markAllRead(types) };
  }, [own, live]);
}
