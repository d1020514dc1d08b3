import { useInbox } from "@duelcast/client/react";
import { useRef, useState, type ReactNode } from "react";
import { isSigningIn } from "../../app/account";
import { count } from "../../app/format";
import { user } from "../../app/session";
import { useSignal } from "../../app/signal";
import { texts } from "../../app/texts";
import { useTitle } from "../../app/title";
import { LiveState } from "../../parts/live-state";
import { Item } from "./item";
import { Own } from "./own";

const ANNOUNCEMENTS = 2;

/** What the server has to tell the user, and what it tells everybody. */
export default function Inbox(): ReactNode {
  useTitle(texts.inbox.title);
  const { value, status, error } = useInbox();
  const one = useSignal(user);
  return (
    <>
      <header className="view">
        <h1>{texts.inbox.title}</h1>
        {value.unread && <p className="dim">{texts.inbox.unreadCount(count(value.unread.count))}</p>}
      </header>
      <LiveState status={status} error={error} />
      <div className="inbox" data-status={status}>
        {status !== "loading" && <Announcements />}
        {one && <Own wallet={one.wallet_address} />}
        {one === null && <Invitation />}
      </div>
    </>
  );
}

function Invitation(): ReactNode {
  return (
    <div className="invitation">
      <p>{texts.inbox.invitation}</p>
      <button type="button" className="primary" onClick={() => isSigningIn.set(true)}>
        {texts.account.signIn}
      </button>
    </div>
  );
}

function Announcements(): ReactNode {
  const { announcements } = useInbox().value;
  const section = useRef<HTMLElement>(null);
  const [isAll, setIsAll] = useState(false);
  const shown = isAll ? announcements : announcements.slice(0, ANNOUNCEMENTS);
  return (
    <section ref={section} tabIndex={-1} aria-label={texts.inbox.announcements} className="announcements">
      <h2>{texts.inbox.announcements}</h2>
      {announcements.length === 0 && <p className="none">{texts.inbox.noAnnouncements}</p>}
      <ul className="notifications">
        {shown.map((one) => (
          <Item key={one.id} of={one} />
        ))}
      </ul>
      {shown.length < announcements.length && (
        <button
          type="button"
          className="more"
          onClick={() => {
            // The button goes.
            section.current?.focus({ preventScroll: true });
            setIsAll(true);
          }}
        >
          {texts.inbox.allAnnouncements(count(announcements.length))}
        </button>
      )}
    </section>
  );
}
