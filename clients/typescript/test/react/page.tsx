import type { ReactNode } from "react";
import {
  useConnection,
  useDuelcast,
  useInbox,
  useLeaderboard,
  usePrice,
  usePrices,
  useRoom,
  useStore,
} from "../../src/react/index.js";

/** A page with every hook. */
export function Page(): ReactNode {
  const price = usePrice("SOL");
  const prices = usePrices();
  const board = useLeaderboard(2);
  const room = useRoom(2);
  const inbox = useInbox();
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
      <p>{useConnection().is}</p>
      <p>{useStore(useDuelcast().clockOffsetMs).value ?? "unknown"}</p>
    </>
  );
}
