import type { ContestView } from "@duelcast/client/types";
import { amount } from "../../app/format";
import { texts } from "../../app/texts";

const SHOWN = 3;

/** What the first places win, such as “1st 5 SOL · 2nd 3 SOL and 2 more places”; empty if nobody wins anything. */
export function prizes({ payout, prize_pool, currency }: ContestView): string {
  const pool = Number(prize_pool);
  if (pool === 0 || payout.length === 0) return "";
  const places = [...payout].sort((a, b) => a.place - b.place);
  const shown = places
    .slice(0, SHOWN)
    .map(({ place, percent }) => texts.contests.place(place, amount((pool * percent) / 100, currency)));
  const rest = places.length - shown.length;
  return shown.join(" · ") + (rest > 0 ? ` ${texts.contests.places(rest)}` : "");
}
