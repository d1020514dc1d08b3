import { useEffect } from "react";

/** Calls a function after each interval in milliseconds, while the page is visible. The function must stay the same. */
export function useEvery(intervalMs: number, call: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && call(), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs, call]);
}
