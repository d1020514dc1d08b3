import type { ChatEntry } from "@duelcast/client";
import type { ChatMessageRecord } from "@duelcast/client/types";
import { memo, type MouseEvent, type ReactNode } from "react";
import { moment, timeOfDay } from "../../../app/format";
import { texts } from "../../../app/texts";
import { Name, nameOf } from "../../../parts/name";
import { mustChange, putBack } from "./draft";
import type { Moderation } from "./moderation";
import { dismiss, say } from "./say";

const words = texts.room;

interface Props {
  readonly message: ChatMessageRecord;
  readonly isOwn: boolean;
  readonly moderation: Moderation | undefined;
}

/** A stored message. */
export const Message = memo(function Message({ message, isOwn, moderation }: Props): ReactNode {
  const { sender, text, timestamp, isAdmin } = message;
  const [name, at] = [nameOf(sender), Date.parse(timestamp)];
  return (
    <li className="message" data-own={isOwn ? "" : undefined}>
      <p className="by">
        <b>
          <Name of={sender} />
        </b>
        {isAdmin && <span className="tag">{words.admin}</span>}
        <time className="dim" dateTime={timestamp} title={moment(at)}>
          {timeOfDay(at)}
        </time>
        {moderation && (
          <span className="moderate">
            {!isOwn && !isAdmin && (
              <button
                type="button"
                aria-label={moderation.isMuted(sender.wallet) ? words.unmuteOf(name) : words.muteOf(name)}
                onClick={() => moderation.mute(sender)}
              >
                {moderation.isMuted(sender.wallet) ? words.unmute : words.mute}
              </button>
            )}
            <button type="button" aria-label={words.deleteOf(name)} onClick={() => moderation.remove(message)}>
              {words.delete}
            </button>
          </span>
        )}
      </p>
      <Text>{text}</Text>
    </li>
  );
});

interface UnsentProps {
  readonly contestId: number;
  readonly entry: Exclude<ChatEntry, { status: "sent" }>;
}

/** A message of one's own that is not stored: it is under way, or was refused and can be sent again or changed. */
export function Unsent({ contestId, entry: { status, text, messageId, error } }: UnsentProps): ReactNode {
  /** The button that had the focus goes with the message. */
  function remove({ currentTarget }: MouseEvent): void {
    currentTarget.closest(".room")?.querySelector<HTMLElement>(".composer input")?.focus();
    dismiss(contestId, messageId);
  }

  function edit(event: MouseEvent): void {
    putBack(contestId, text);
    remove(event);
  }

  return (
    <li className="message" data-own="" data-state={status}>
      <Text>{text}</Text>
      {status === "pending" ? (
        <p className="dim">{words.pending}</p>
      ) : (
        <div role="alert">
          <p className="bad">
            {words.failed}
            {/* Of one that had failed before a reload, the reason is gone. */}
            {error && error.code !== "ABORTED" && (
              <>
                : {error.message} <span className="dim">({error.code})</span>
              </>
            )}
          </p>
          {mustChange(error?.code) ? (
            <button type="button" onClick={edit}>
              {words.edit}
            </button>
          ) : (
            <button type="button" onClick={() => say(contestId, text, messageId)}>
              {words.again}
            </button>
          )}
          <button type="button" onClick={remove}>
            {words.dismiss}
          </button>
        </div>
      )}
    </li>
  );
}

function Text({ children }: { children: string }): ReactNode {
  return (
    <p>
      <bdi>{children}</bdi>
    </p>
  );
}
