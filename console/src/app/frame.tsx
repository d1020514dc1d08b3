import { useConnection, useInbox } from "@duelcast/client/react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { StatusPill } from "../parts/status-pill";
import { Account, isSigningIn } from "./account";
import { count } from "./format";
import { SERVER_URL, isOperator, serverVersion, user } from "./session";
import { Shortcuts } from "./shortcuts";
import { useSignal } from "./signal";
import { texts } from "./texts";

/** What surrounds every view: navigation, the state of the connection, and the user. */
export function Frame({ children }: { children: ReactNode }): ReactNode {
  const content = useRef<HTMLElement>(null);
  useSignInPrompt();
  return (
    <>
      <button type="button" className="skip" onClick={() => content.current?.focus()}>
        {texts.nav.skip}
      </button>
      <header className="bar">
        <Link href="/" className="brand">
          {texts.product}
        </Link>
        <nav aria-label={texts.nav.main}>
          <Item path="/">{texts.nav.market}</Item>
          <Item path="/contests">{texts.nav.contests}</Item>
          <Item path="/inbox">
            {texts.nav.inbox}
            <Badge />
          </Item>
          {isOperator(useSignal(user)) && <Item path="/operate">{texts.nav.operate}</Item>}
          <a href={`${SERVER_URL}/docs`}>{texts.nav.docs}</a>
        </nav>
        <StatusPill />
        <Account />
      </header>
      <NewVersion />
      <main ref={content} tabIndex={-1}>
        {children}
      </main>
      <Shortcuts />
    </>
  );
}

function Item({ path, children }: { path: string; children: ReactNode }): ReactNode {
  const [present] = useLocation();
  const isHere = path === "/" ? present === "/" || present.startsWith("/symbols/") : present.startsWith(path);
  return (
    <Link href={path} aria-current={isHere ? "page" : undefined}>
      {children}
    </Link>
  );
}

function Badge(): ReactNode {
  const unread = useInbox().value.unread?.count ?? 0;
  return unread === 0 ? null : <span className="badge">{count(unread)}</span>;
}

/** Offers to load the page anew when the server has another version than it had at first. */
function NewVersion(): ReactNode {
  const present = useSignal(serverVersion);
  const [first, setFirst] = useState(present);
  if (first === undefined && present !== undefined) setFirst(present);
  if (first === undefined || present === first) return null;
  return (
    <div className="notice" role="status">
      <p>{texts.reload.text}</p>
      <button type="button" onClick={() => location.reload()}>
        {texts.reload.action}
      </button>
    </div>
  );
}

/** Asks the user to sign in again when the server no longer accepts their token. */
function useSignInPrompt(): void {
  const { is } = useConnection("notifications");
  useEffect(() => {
    if (is === "signed_out") isSigningIn.set(true);
  }, [is]);
}
