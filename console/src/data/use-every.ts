import { useEffect } from "react";

/**
 * Calls a function after each interval in milliseconds, while the page is visible; never without an interval. The function
 * must stay the same.
 */
export function useEvery(intervalMs: number | undefined, call: () => void): void {
  useEffect(() => {
    if (intervalMs === undefined) return;
    const timer = setInterval(() => document.visibilityState === "visible" && call(), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs, call]);
}
