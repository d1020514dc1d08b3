import { signIn as signInWithWallet, type DuelcastError } from "@duelcast/client";
import { useConnection } from "@duelcast/client/react";
import { useId, useState, type FormEvent, type ReactNode } from "react";
import { asError } from "../data/reading";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { SERVER_URL, signIn, signOut, user } from "./session";
import { signal, useSignal } from "./signal";
import { texts } from "./texts";
import { isToken, token } from "./token";
import { connectWallet, hasWallet } from "./wallet";

/** Whether the dialog for signing in is open. */
export const isSigningIn = signal(false);

/** The user's name and what they can do with their session. */
export function Account(): ReactNode {
  const [one, present] = [useSignal(user), useSignal(token)];
  const { is } = useConnection("notifications");
  // The server has not said yet whether it accepts the token.
  const isUndecided = one === undefined && present !== null && is !== "signed_out" && is !== "refused";
  const menu = useId();
  return (
    <>
      {one ? (
        <>
          <button type="button" popoverTarget={menu} className="account">
            {one.nickname ?? shortWallet(one.wallet_address)}
          </button>
          <div id={menu} popover="auto" className="menu">
            <p className="dim">{texts.account.signedInAs(one.wallet_address)}</p>
            <button type="button" onClick={signOut}>
              {texts.account.signOut}
            </button>
          </div>
        </>
      ) : (
        !isUndecided && (
          <button type="button" className="primary" onClick={() => isSigningIn.set(true)}>
            {texts.account.signIn}
          </button>
        )
      )}
    </>
  );
}

/** A wallet's address in short. */
export function shortWallet(wallet: string): string {
  return wallet.length <= 12 ? wallet : `${wallet.slice(0, 5)}…${wallet.slice(-4)}`;
}

/** The dialog for signing in. It belongs outside the bar, since its header and footer are not those of the page. */
export function SignIn(): ReactNode {
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const { is } = useConnection("notifications");
  const hint = useId();
  const close = (): void => isSigningIn.set(false);

  function paste(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get("token")).trim();
    if (!isToken(text)) return setError(texts.account.notAToken);
    signIn(text);
    close();
  }

  function withWallet(): void {
    setIsBusy(true);
    connectWallet()
      .then((wallet) => signInWithWallet(SERVER_URL, wallet))
      .then(
        (granted) => {
          signIn(granted.token);
          close();
        },
        (failure: unknown) => setError(message(failure)),
      )
      .finally(() => setIsBusy(false));
  }

  return (
    <Dialog title={texts.account.title} close={close}>
      {is === "signed_out" && token.get() !== null && <p>{texts.account.expired}</p>}
      {hasWallet() && (
        <Button type="button" className="primary wide" isOff={isBusy} onClick={withWallet}>
          {texts.account.withWallet}
        </Button>
      )}
      <form onSubmit={paste}>
        <label>
          {texts.account.token}
          <input name="token" type="password" autoComplete="off" spellCheck={false} required aria-describedby={hint} />
        </label>
        <p id={hint} className="dim">
          {texts.account.whence} <code>duelcast token</code>. {texts.account.whenceDemo} {texts.account.tokenHint}
        </p>
        {!hasWallet() && <p className="dim">{texts.account.noWallet}</p>}
        {error !== undefined && (
          <p role="alert" className="bad">
            {error}
          </p>
        )}
        <footer>
          <button className={hasWallet() ? undefined : "primary"}>{texts.account.withToken}</button>
        </footer>
      </form>
    </Dialog>
  );
}

function message(failure: unknown): string {
  const { message: text, code }: DuelcastError = asError(failure);
  return `${text} (${code})`;
}
