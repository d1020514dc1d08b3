import { useConnection, useInbox } from "@duelcast/client/react";
import { useEffect, useRef, useState, type ReactNode, type RefObject } from "react";
import { Link, useLocation } from "wouter";
import { era } from "../data/era";
import { ErrorBoundary } from "../parts/error-boundary";
import { StatusPill } from "../parts/status-pill";
import { Account, isSigningIn, SignIn } from "./account";
import { Announcements } from "./announcements";
import { count } from "./format";
import { SERVER_URL, isOperator, serverVersion, user } from "./session";
import { Shortcuts } from "./shortcuts";
import { useSignal } from "./signal";
import { texts } from "./texts";

/** What surrounds every view: navigation, the state of the connection, and the user. */
export function Frame({ children }: { children: ReactNode }): ReactNode {
  const content = useRef<HTMLElement>(null);
  const view = useView();
  const present = useSignal(era);
  useSignInPrompt();
  useBeginning(view, content);
  useFocusKept(present, content);
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
      <Announcements leave={() => content.current?.focus({ preventScroll: true })} />
      <main ref={content} tabIndex={-1}>
        <ErrorBoundary key={`${view} ${present}`}>{children}</ErrorBoundary>
      </main>
      <Shortcuts />
      {useSignal(isSigningIn) && <SignIn />}
    </>
  );
}

/** The path of the present view, without the part of it that is shown, such as `/contests/5`. */
function useView(): string {
  const [path] = useLocation();
  return path.split("/", 3).join("/");
}

/** A view that is opened, and not returned to, begins at its top, with the focus. */
function useBeginning(view: string, content: RefObject<HTMLElement | null>): void {
  const last = useRef(view);
  const isReturn = useRef(false);
  useEffect(() => {
    const note = (): void => void (isReturn.current = true);
    addEventListener("popstate", note);
    return () => removeEventListener("popstate", note);
  }, []);
  useEffect(() => {
    const isNew = view !== last.current && !isReturn.current;
    last.current = view;
    isReturn.current = false;
    if (!isNew) return;
    scrollTo(0, 0);
    content.current?.focus({ preventScroll: true });
  }, [view, content]);
}

/** When the views of another era take the place of what had the focus, the content has it. */
function useFocusKept(present: number, content: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (present > 0 && document.activeElement === document.body) content.current?.focus({ preventScroll: true });
  }, [present, content]);
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
