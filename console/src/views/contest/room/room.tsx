import { room } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import type { ContestView } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { client, isOperator, user } from "../../../app/session";
import { useSignal } from "../../../app/signal";
import { texts } from "../../../app/texts";
import { LiveState } from "../../../parts/live-state";
import { Chat } from "./chat";
import { Composer } from "./composer";
import { Members } from "./members";
import { useModeration } from "./moderation";

/** The room of a contest: who is there, and what they say. */
export function RoomPart({ contest }: { contest: ContestView }): ReactNode {
  const { status, error } = useStore(room(client, contest.id), (here) => here.contest);
  const me = useSignal(user);
  const [moderation, dialog] = useModeration(contest.id, isOperator(me));
  return (
    <section className="room" aria-label={texts.contest.room}>
      <Members contestId={contest.id} moderation={moderation} />
      {/* The age of a contest is no age of its chat, which shows its own times. */}
      <LiveState status={status === "refused" ? "refused" : "live"} error={error} />
      <Chat contestId={contest.id} moderation={moderation} />
      <Composer contest={contest} />
      {dialog}
    </section>
  );
}
