import { room, type ChatEntry } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import { useRef, useState, type ReactNode } from "react";
import { client, user } from "../../../app/session";
import { useSignal } from "../../../app/signal";
import { texts } from "../../../app/texts";
import { Button } from "../../../parts/button";
import { LiveState } from "../../../parts/live-state";
import { Message, Unsent } from "./message";
import type { Moderation } from "./moderation";
import { further, left, mounted, type Away } from "./span";
import { useOlder } from "./use-older";
import { useScroll } from "./use-scroll";

const words = texts.room;
/** So near to an edge, in pixels, a list is at it. */
const EDGE = 40;

interface Props {
  readonly contestId: number;
  readonly moderation: Moderation | undefined;
}

/** The messages of a chat. The list stays at the newest one, unless the user has scrolled up. */
export function Chat({ contestId, moderation }: Props): ReactNode {
  const { value: chat, status } = useStore(room(client, contestId), (here) => here.chat);
  const me = useSignal(user);
  const { entries, hasOlder, loadOlder, isBusy, error } = useOlder(contestId, chat);
  const list = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState<Away>();
  const visible = mounted(entries, away);
  const isOwn = (one: ChatEntry): boolean => one.status !== "sent" || one.sender.wallet === me?.wallet_address;
  const unseen = away ? entries.filter((one) => (one.id ?? 0) > away.leftAt && !isOwn(one)).length : 0;
  const isAllMounted = visible.length === entries.length;
  const note = useScroll(list, away === undefined);

  function older(): void {
    setAway(further(entries, away ?? left(entries)));
    if (isAllMounted) loadOlder();
  }

  function scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = list.current!;
    note();
    if (scrollHeight - scrollTop - clientHeight < EDGE) setAway(undefined);
    else if (scrollTop < EDGE && (!isAllMounted || (hasOlder && !error))) older();
    else if (!away) setAway(left(entries));
  }

  return (
    <div className="chat" data-status={status === "stale" ? "stale" : undefined}>
      {/* What scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={list} className="scroller" onScroll={scrolled} tabIndex={0} aria-label={words.chat} role="log">
        <ol>
          <li className="edge">
            {hasOlder || !isAllMounted ? (
              <Button type="button" isOff={isBusy} onClick={older}>
                {words.older}
              </Button>
            ) : (
              <span className="dim">{entries.length > 0 ? words.beginning : words.empty}</span>
            )}
            <LiveState status="live" error={error} />
          </li>
          {visible.map((one) =>
            one.status === "sent" ? (
              <Message key={one.id} message={one} isOwn={isOwn(one)} moderation={moderation} />
            ) : (
              <Unsent key={one.messageId} contestId={contestId} entry={one} />
            ),
          )}
        </ol>
      </div>
      {away && (
        <button type="button" className="unseen" aria-label={words.toNewest} onClick={() => setAway(undefined)}>
          {unseen > 0 ? words.unseen(unseen) : "↓"}
        </button>
      )}
    </div>
  );
}
