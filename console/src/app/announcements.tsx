import { useInbox } from "@duelcast/client/react";
import type { Notification } from "@duelcast/client/types";
import { useRef, useState, type ReactNode } from "react";
import { useLocation } from "wouter";
import { kept } from "../data/kept";
import { SafeAnchor } from "../parts/safe-anchor";
import { linkOf } from "../views/inbox/lists";
import { inView } from "./announced";
import { serverNow, useNow } from "./now";
import { useSignal } from "./signal";
import { texts } from "./texts";

/** Those that the user has dismissed in this tab. A restored database gives an id to another announcement. */
const dismissed = kept<string>("duelcast.dismissed");
const keyOf = ({ id, timestamp }: Notification): string => `${id} ${timestamp}`;

/** Announcements over every view but the inbox, which lists them. `leave` takes the focus when the last one goes. */
export function Announcements({ leave }: { leave: () => void }): ReactNode {
  const { announcements } = useInbox().value;
  const [path] = useLocation();
  const [opened, setOpened] = useState({ path, at: 0 });
  if (opened.path !== path) setOpened({ path, at: serverNow() });
  const gone = useSignal(dismissed);
  const now = useNow();
  const list = useRef<HTMLDivElement>(null);
  const isDismissed = (one: Notification): boolean => gone.has(keyOf(one));
  const shown = path === "/inbox" ? [] : inView(announcements, { now, since: opened.at, isDismissed });

  function dismiss(one: Notification): void {
    const next = shown.find((other) => other !== one);
    const button = next && list.current?.querySelector<HTMLElement>(`[data-id="${next.id}"] .icon`);
    dismissed.put(keyOf(one), "");
    if (button) button.focus();
    else leave();
  }

  return (
    <div ref={list} className="announced" role="status" aria-label={texts.inbox.announcements}>
      {shown.map((one) => (
        <One key={one.id} of={one} dismiss={() => dismiss(one)} />
      ))}
    </div>
  );
}

function One({ of, dismiss }: { of: Notification; dismiss: () => void }): ReactNode {
  const { id, title, content, priority } = of;
  const label = texts.inbox.priority[priority];
  const tone = priority === "urgent" ? "bad" : "warn";
  return (
    <article data-id={id} data-tone={label && tone}>
      <p>
        {label !== undefined && (
          <span className="tag" data-tone={tone}>
            {label}
          </span>
        )}{" "}
        <b>
          <SafeAnchor to={linkOf(of)}>
            <bdi>{title}</bdi>
          </SafeAnchor>
        </b>
      </p>
      <button type="button" className="icon" aria-label={texts.inbox.dismiss(title)} onClick={dismiss}>
        ✕
      </button>
      <p className="content">
        <bdi>{content}</bdi>
      </p>
    </article>
  );
}
