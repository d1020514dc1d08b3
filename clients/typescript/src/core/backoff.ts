/** How long the server asks to wait after 1012 and 1013, in milliseconds, if it says so. */
export function requestedDelay(code: number, reason: string): number | undefined {
  const named = code === 1012 || code === 1013 ? /retry_after_ms=(\d+)/.exec(reason)?.[1] : undefined;
  return named ? Math.min(Number(named), 300_000) : undefined;
}

/** How long to wait after `failed` attempts in a row, in milliseconds. `random` is a number from 0 to 1. */
export function backOff(failed: number, random: number): number {
  return Math.min(30_000, 500 * 2 ** failed) * (0.5 + random / 2);
}
