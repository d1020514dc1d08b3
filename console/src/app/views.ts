import { lazy } from "react";
import { isOperator, user } from "./session";

const symbol = () => import("../views/symbol/symbol");
const contests = () => import("../views/contests/contests");
const contest = () => import("../views/contest/contest");
const inbox = () => import("../views/inbox/inbox");
const operate = () => import("../views/operate/operate");

export const SymbolView = lazy(symbol);
export const Contests = lazy(contests);
export const Contest = lazy(contest);
export const Inbox = lazy(inbox);
export const Operate = lazy(operate);

/** Loads the views that the user may open, once the page is idle, so that they open at once, and without the server. */
export function preload(): void {
  whenIdle(() => fetchAll([contests, contest, inbox, symbol]));
  const unsubscribe = user.subscribe(offer);
  offer();

  function offer(): void {
    if (!isOperator(user.get())) return;
    unsubscribe();
    whenIdle(() => fetchAll([operate]));
  }
}

function fetchAll(loads: readonly (() => Promise<unknown>)[]): void {
  for (const load of loads) {
    load().catch(() => {
      // Whoever opens the view tries again.
    });
  }
}

/** Safari has no idle callbacks. */
function whenIdle(work: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(work, { timeout: 5000 });
  else setTimeout(work, 1000);
}
