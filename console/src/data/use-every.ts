import { useEffect } from "react";
import { isConnected } from "./connected";

/**
 * Calls a function after each interval in milliseconds, while the page is visible and has a connection; never without an
 * interval. The function must stay the same.
 */
export function useEvery(intervalMs: number | undefined, call: () => void): void {
  useEffect(() => {
    if (intervalMs === undefined) return;
    const timer = setInterval(() => document.visibilityState === "visible" && isConnected.get() && call(), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs, call]);
}
