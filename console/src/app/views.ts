import { lazy } from "react";
import { isOperator, user } from "./session";

const RETRY_MS = 2000;

const symbol = () => patiently(() => import("../views/symbol/symbol"));
const contests = () => patiently(() => import("../views/contests/contests"));
const contest = () => patiently(() => import("../views/contest/contest"));
const inbox = () => patiently(() => import("../views/inbox/inbox"));
const operate = () => patiently(() => import("../views/operate/operate"));

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
  for (const load of loads) void load();
}

/** Loads until it succeeds, since React keeps a failure for ever. */
async function patiently<T>(load: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Safari has no idle callbacks. */
function whenIdle(work: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(work, { timeout: 5000 });
  else setTimeout(work, 1000);
}
