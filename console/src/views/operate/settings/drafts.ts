import { signal } from "../../../app/signal";

/** A value that was typed, and not yet stored. */
export interface Draft {
  readonly text: string;
  /** The version of the setting that the user saw when they began. */
  readonly version: number;
}

/** The drafts by key; they outlive the panel, a lost connection and signing in again. */
export const drafts = signal<ReadonlyMap<string, Draft>>(new Map());

export function keepDraft(key: string, draft: Draft): void {
  drafts.set(new Map(drafts.get()).set(key, draft));
}

export function dropDraft(key: string): void {
  const next = new Map(drafts.get());
  next.delete(key);
  drafts.set(next);
}
