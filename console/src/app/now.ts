import { useSyncExternalStore } from "react";
import { client } from "./session";

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let seconds = read();

/** The server's time in epoch milliseconds, as far as its clock's offset is known. */
export function serverNow(): number {
  return Date.now() + (client.clockOffsetMs.get() ?? 0);
}

/** The server's time in epoch milliseconds; the component renders once a second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => seconds) * 1000;
}

/** One timer for all components, so that they change together. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 250);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  const next = read();
  if (next === seconds) return;
  seconds = next;
  for (const listener of listeners) listener();
}

function read(): number {
  return Math.floor(serverNow() / 1000);
}
