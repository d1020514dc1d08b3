import { room } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import type { ContestView } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { isSigningIn } from "../../../app/account";
import { client, user } from "../../../app/session";
import { useSignal } from "../../../app/signal";
import { texts } from "../../../app/texts";
import { LiveState } from "../../../parts/live-state";
import { Builder } from "./builder";

const words = texts.trade;

/** Where users enter a contest, change their portfolio and withdraw, or are told why they cannot. */
export function TradePart({ contest }: { contest: ContestView }): ReactNode {
  const { value: own, error } = useStore(room(client, contest.id), (here) => here.participant);
  const me = useSignal(user);
  if (contest.status !== "pending" && contest.status !== "active") return <p className="empty">{words.over}</p>;
  if (me === null) {
    return (
      <div className="empty">
        <p>{words.signIn}</p>
        <button type="button" className="primary" onClick={() => isSigningIn.set(true)}>
          {texts.account.signIn}
        </button>
      </div>
    );
  }
  if (!own) return <LiveState status="loading" error={error} />;
  if (own.status === "disqualified") return <p className="empty">{words.disqualified}</p>;
  if (!own.isParticipant && contest.status === "active") return <p className="empty">{words.started}</p>;
  return <Builder contest={contest} own={own} />;
}
