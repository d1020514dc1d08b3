import type { ReactNode } from "react";
import * as hooks from "../../src/react/index.js";

/** A page with every hook. */
export function Page(): ReactNode {
  const price = hooks.usePrice("SOL");
  const prices = hooks.usePrices();
  const board = hooks.useLeaderboard(2);
  const room = hooks.useRoom(2);
  const inbox = hooks.useInbox();
  return (
    <>
      <p>
        SOL {price.value?.price ?? "–"} {price.status}
      </p>
      <p>
        {prices.value.size} prices {prices.status}
      </p>
      <p>
        {board.value?.entries[0]?.nickname ?? "no leaderboard"} {board.status}
      </p>
      <p>
        {room.value.members.length} members {room.status}
      </p>
      <p>
        {inbox.value.unread?.count ?? "no count"} {inbox.status}
      </p>
      <p>{hooks.useConnection().is}</p>
      <p>{hooks.useStore(hooks.useDuelcast().clockOffsetMs).value ?? "unknown"}</p>
    </>
  );
}
