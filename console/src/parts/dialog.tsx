import { useId, useLayoutEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { texts } from "../app/texts";
import { Button } from "./button";

interface Props {
  readonly title: ReactNode;
  readonly close: () => void;
  readonly children: ReactNode;
}

/** A modal dialog, open as long as it is mounted. The first field has the focus, which the browser keeps inside, and
 * gives back. */
export function Dialog({ title, close, children }: Props): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // While the dialog is still in the page, so that closing it gives the focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>("input, textarea, select")?.focus();
    return () => element?.close();
  }, []);
  return (
    // In development React mounts twice: the event of the first end comes when the dialog is open again.
    <dialog ref={dialog} aria-labelledby={heading} onClose={(event) => event.currentTarget.open || close()}>
      <header>
        <h2 id={heading}>{title}</h2>
        <button type="button" className="icon" aria-label={texts.dialog.close} onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}

interface ConfirmProps extends Props {
  readonly action: string;
  /** A word that the user must type, for what cannot be undone. */
  readonly word?: string | undefined;
  readonly confirmed: () => void;
}

/** Asks before something happens. */
export function Confirm({ title, close, children, action, word, confirmed }: ConfirmProps): ReactNode {
  const [typed, setTyped] = useState("");

  function submit(event: FormEvent): void {
    event.preventDefault();
    confirmed();
    close();
  }

  return (
    <Dialog title={title} close={close}>
      <form onSubmit={submit}>
        {children}
        {word !== undefined && (
          <label>
            {texts.dialog.typeToConfirm(word)}
            <input value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" />
          </label>
        )}
        <footer>
          <button type="button" onClick={close}>
            {texts.dialog.cancel}
          </button>
          <Button className="primary" isOff={word !== undefined && typed !== word}>
            {action}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
