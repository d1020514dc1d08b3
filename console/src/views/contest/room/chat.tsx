import { room, type ChatEntry } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import { useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { client, user } from "../../../app/session";
import { useSignal } from "../../../app/signal";
import { texts } from "../../../app/texts";
import { LiveState } from "../../../parts/live-state";
import { Message, Unsent } from "./message";
import type { Moderation } from "./moderation";
import { useOlder } from "./use-older";

const words = texts.room;
/** How many messages are mounted at first, and how many more when the user scrolls up to them. */
const [SHOWN, STEP] = [100, 50];
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
  const [shown, setShown] = useState(SHOWN);
  const list = useRef<HTMLDivElement>(null);
  const [leftAt, setLeftAt] = useState<number>();
  const visible = entries.slice(-shown);
  const newest = entries.findLast(({ id }) => id !== undefined)?.id ?? 0;
  const isOwn = (one: ChatEntry): boolean => one.status !== "sent" || one.sender.wallet === me?.wallet_address;
  const unseen = leftAt === undefined ? 0 : entries.filter((one) => (one.id ?? 0) > leftAt && !isOwn(one)).length;
  const isAllShown = visible.length === entries.length;
  useScroll(list, visible, leftAt === undefined);

  function older(): void {
    if (isAllShown) loadOlder();
    else setShown((before) => before + STEP);
  }

  function scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = list.current!;
    if (scrollHeight - scrollTop - clientHeight < EDGE) toNewest();
    else {
      if (leftAt === undefined) setLeftAt(newest);
      if (scrollTop < EDGE && (!isAllShown || (hasOlder && !error))) older();
    }
  }

  function toNewest(): void {
    setLeftAt(undefined);
    setShown(SHOWN);
  }

  return (
    <div className="chat" data-status={status === "stale" ? "stale" : undefined}>
      {/* What scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={list} className="scroller" onScroll={scrolled} tabIndex={0} aria-label={words.chat} role="log">
        <ol>
          <li className="edge">
            {hasOlder || !isAllShown ? (
              <button type="button" disabled={isBusy} onClick={older}>
                {words.older}
              </button>
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
      {leftAt !== undefined && (
        <button type="button" className="unseen" aria-label={words.toNewest} onClick={toNewest}>
          {unseen > 0 ? words.unseen(unseen) : "↓"}
        </button>
      )}
    </div>
  );
}

/** Keeps a list at its end, or else in its place when older messages come before those that are visible. */
function useScroll(
  list: { readonly current: HTMLDivElement | null },
  visible: readonly ChatEntry[],
  isAtEnd: boolean,
): void {
  const before = useRef<{ readonly first: number | undefined; readonly height: number }>(undefined);
  const first = visible[0]?.id;
  useLayoutEffect(() => {
    const element = list.current!;
    const { scrollHeight } = element;
    if (isAtEnd) element.scrollTo(0, scrollHeight);
    else if (before.current && before.current.first !== first)
      element.scrollBy(0, scrollHeight - before.current.height);
    before.current = { first, height: scrollHeight };
  });
}
