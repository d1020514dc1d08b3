import type { Notification } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { age, distance, moment } from "../../app/format";
import { useNow } from "../../app/now";
import { texts } from "../../app/texts";
import { SafeAnchor } from "../../parts/safe-anchor";
import { linkOf, typeLabel } from "./lists";

interface Props {
  readonly of: Notification;
  /** Marks it as read; absent if it is read already, or is an announcement. */
  readonly mark?: (id: number) => void;
}

/** A notification or an announcement. */
export function Item({ of, mark }: Props): ReactNode {
  const { id, title, content, type, priority, expires_at } = of;
  const label = texts.inbox.priority[priority];
  return (
    <li className="notification" data-id={id} data-unread={mark !== undefined}>
      <h3>
        {label !== undefined && (
          <span className="tag" data-tone={priority === "urgent" ? "bad" : "warn"}>
            {label}
          </span>
        )}{" "}
        <SafeAnchor to={linkOf(of)} onClick={mark && (() => mark(id))}>
          <bdi>{title}</bdi>
        </SafeAnchor>
      </h3>
      {mark && (
        <button
          type="button"
          className="icon mark"
          aria-label={texts.inbox.markOne(title)}
          title={texts.inbox.mark}
          onClick={() => mark(id)}
        >
          ✓
        </button>
      )}
      <p className="content">
        <bdi>{content}</bdi>
      </p>
      <p className="dim">
        {typeLabel(type)} · <Times sent={of.timestamp} expires={expires_at} />
      </p>
    </li>
  );
}

function Times({ sent, expires }: { sent: string; expires: string | null }): ReactNode {
  const [now, sentMs] = [useNow(), Date.parse(sent)];
  return (
    <>
      <time dateTime={sent} title={moment(sentMs)}>
        {age(now, sentMs)}
      </time>
      {expires !== null && (
        <>
          {" · "}
          <time dateTime={expires} title={moment(Date.parse(expires))}>
            {texts.inbox.expires(distance(now, Date.parse(expires)))}
          </time>
        </>
      )}
    </>
  );
}
