import type { AuditEntry } from "@duelcast/client/types";

/** A field that an action changed; null if it had, or has, no value. */
export interface Change {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** The details of these actions are pairs of values by field. */
const ACTIONS: readonly string[] = ["settings.put", "settings.delete", "users.put", "contests.edit"];

/** What an action changed; undefined if its details are no changes. */
export function changesOf({ action, details }: Pick<AuditEntry, "action" | "details">): Change[] | undefined {
  if (!ACTIONS.includes(action)) return undefined;
  const changes: Change[] = [];
  for (const [field, pair] of Object.entries(details)) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [before, after] = pair as unknown[];
    // An edit names all fields that it was given.
    if (JSON.stringify(before) !== JSON.stringify(after)) changes.push({ field, before, after });
  }
  return changes.length > 0 ? changes : undefined;
}
