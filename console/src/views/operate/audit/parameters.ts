import type { HttpInput } from "@duelcast/client/http";

type Parameters = NonNullable<HttpInput<"GET /api/v69/audit">["parameters"]>;

const LIMIT = 100;
const DAY_MS = 86_400_000;

/** The parameters of the request for the filters of the view; days are those of the user's time zone, `to` with its end. */
export function toParameters(get: (filter: string) => string): Parameters {
  const [wallet, action, target] = [get("wallet").trim(), get("action").trim(), get("target").trim()];
  const [from, to] = [dayMs(get("from")), dayMs(get("to"))];
  return {
    limit: LIMIT,
    ...(wallet && { wallet }),
    ...(action && { action }),
    ...(target && { target }),
    ...(from !== undefined && { from: new Date(from).toISOString() }),
    ...(to !== undefined && { to: new Date(to + DAY_MS).toISOString() }),
  };
}

/** The beginning of a day such as 2026-12-24, in epoch milliseconds. */
function dayMs(text: string): number | undefined {
  const ms = new Date(`${text}T00:00`).getTime();
  return Number.isNaN(ms) ? undefined : ms;
}
