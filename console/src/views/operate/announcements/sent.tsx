import { http } from "@duelcast/client/http";
import { useInbox } from "@duelcast/client/react";
import type { Notification } from "@duelcast/client/types";
import { useRef, useState, type ReactNode } from "react";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { useAction } from "../../../data/action";
import { Ago } from "../../../parts/ago";
import { Confirm } from "../../../parts/dialog";
import { LiveState } from "../../../parts/live-state";
import { Outcome } from "../outcome";

const { announcements: texts } = operateTexts;
const MOST = 50;

/** The newest announcements that people can read, and the way to withdraw one. */
export function Sent(): ReactNode {
  const {
    value: { announcements },
    status,
    error,
  } = useInbox();
  const [asked, setAsked] = useState<Notification>();
  const heading = useRef<HTMLHeadingElement>(null);
  const action = useAction();

  async function withdraw(one: Notification): Promise<void> {
    const parameters = { notification_id: one.id };
    const isDone = await action.run(() =>
      http(client, "DELETE /api/v69/notifications/{notification_id}", { parameters }),
    );
    // The button that was pressed goes away.
    if (isDone) heading.current?.focus();
  }

  return (
    <section className="block">
      <h2 ref={heading} tabIndex={-1}>
        {texts.listed}
      </h2>
      <LiveState status={status} error={error} />
      <Outcome action={action} done={texts.withdrawn} />
      {status !== "loading" && announcements.length === 0 && <p className="dim">{texts.none}</p>}
      <ul className="list">
        {announcements.slice(0, MOST).map((one) => (
          <li key={one.id}>
            <strong className="isolate">{one.title}</strong>
            <span className="dim">
              {texts.priorities[one.priority] ?? one.priority} · <Ago at={one.timestamp} />
            </span>
            <button type="button" className="end" onClick={() => setAsked(one)}>
              {texts.withdraw}
            </button>
            <p className="clip isolate">{one.content}</p>
          </li>
        ))}
      </ul>
      {asked && (
        <Confirm
          title={texts.withdrawQuestion}
          action={texts.withdraw}
          close={() => setAsked(undefined)}
          confirmed={() => void withdraw(asked)}
        >
          <p className="isolate">{asked.title}</p>
          <p>{texts.withdrawConsequence}</p>
        </Confirm>
      )}
    </section>
  );
}
