import type { ContestView, LeaderboardRow } from "@duelcast/client/types";

/** A prize has 9 decimals. */
const UNITS = 1e9;

/**
 * The prizes of a completed contest, by wallet: equal ranks share those of their places, and the first of them has what is
 * left. `rows` are the first ones of `total`; of ranks that are shared with others beyond them, nothing is known.
 */
export function prizesOf(
  { status, payout, prize_pool: pool }: Pick<ContestView, "status" | "payout" | "prize_pool">,
  rows: readonly Pick<LeaderboardRow, "wallet" | "rank">[],
  total: number,
): ReadonlyMap<string, number> {
  const prizes = new Map<string, number>();
  if (status !== "completed") return prizes;
  for (const rank of new Set(rows.map((row) => row.rank))) {
    const tied = rows.filter((row) => row.rank === rank);
    if (rank + tied.length > rows.length && rows.length < total) break;
    const places = payout.filter(({ place }) => place >= rank && place < rank + tied.length);
    const percent = places.reduce((sum, one) => sum + one.percent, 0);
    // A percentage such as 6.9 is a little less as a double than as it was written.
    const units = Math.floor((Number(pool) * percent * UNITS) / 100 + 1e-3);
    const share = Math.floor(units / tied.length);
    for (const [index, { wallet }] of tied.entries()) {
      const own = index === 0 ? units - share * (tied.length - 1) : share;
      if (own > 0) prizes.set(wallet, own / UNITS);
    }
  }
  return prizes;
}
