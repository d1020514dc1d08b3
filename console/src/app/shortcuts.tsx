import { useEffect, useState, type ReactNode } from "react";
import { useLocation } from "wouter";
import { Dialog } from "../parts/dialog";
import { isOperator, user } from "./session";
import { texts } from "./texts";

/** By the key after `g`: a view and its name, and whether it is for operators only. */
const JUMPS: Readonly<Record<string, readonly [path: string, name: string, isForOperators?: boolean]>> = {
  m: ["/", texts.keys.market],
  c: ["/contests", texts.keys.contests],
  i: ["/inbox", texts.keys.inbox],
  o: ["/operate", texts.keys.operate, true],
};
const SEQUENCE_MS = 1500;

/** Keyboard shortcuts of all views, and their list on `?`. They do nothing while the user types or a dialog is open. */
export function Shortcuts(): ReactNode {
  const [, navigate] = useLocation();
  const [isListed, setIsListed] = useState(false);

  useEffect(() => {
    let jumpsUntil = 0;

    function press(event: KeyboardEvent): void {
      if (event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target)) return;
      const jump = event.timeStamp < jumpsUntil ? JUMPS[event.key] : undefined;
      jumpsUntil = 0;
      if (jump && isOffered(jump)) navigate(jump[0]);
      else if (event.key === "g") jumpsUntil = event.timeStamp + SEQUENCE_MS;
      else if (event.key === "/") document.querySelector<HTMLInputElement>("input[type=search]")?.focus();
      else if (event.key === "?") setIsListed(true);
      else return;
      event.preventDefault();
    }

    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [navigate]);

  if (!isListed) return null;
  return (
    <Dialog title={texts.keys.title} close={() => setIsListed(false)}>
      <dl className="keys">
        <Entry keys="/" name={texts.keys.search} />
        {Object.entries(JUMPS)
          .filter(([, jump]) => isOffered(jump))
          .map(([key, [, name]]) => (
            <Entry key={key} keys={`g ${key}`} name={name} />
          ))}
        <Entry keys="?" name={texts.keys.help} />
      </dl>
    </Dialog>
  );
}

function Entry({ keys, name }: { keys: string; name: string }): ReactNode {
  return (
    <div>
      <dt>
        {keys.split(" ").map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{name}</dd>
    </div>
  );
}

function isOffered([, , isForOperators]: (typeof JUMPS)[string]): boolean {
  return isForOperators !== true || isOperator(user.get());
}

function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]")) return true;
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
