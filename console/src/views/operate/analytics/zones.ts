import type { ActiveUser } from "@duelcast/client/types";

/** How many users are in a zone; null is the one of those who named none. */
export interface Zone {
  readonly zone: string | null;
  readonly users: number;
}

/** The zones of active users, the fullest first. */
export function zonesOf(users: readonly Pick<ActiveUser, "zone">[]): Zone[] {
  const counts = new Map<string | null, number>();
  for (const { zone } of users) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return [...counts].map(([zone, found]) => ({ zone, users: found })).sort((a, b) => b.users - a.users);
}
