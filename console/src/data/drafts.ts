import { useSignal } from "../app/signal";
import { kept } from "./kept";
import { uuid } from "./uuid";

/**
 * What the user has typed and not stored yet, by a key. It outlives the component, a lost connection and signing in again,
 * but not another user.
 */
export interface Drafts<T> {
  /** The draft; the component renders when one changes. */
  use(key: string): T | undefined;
  get(key: string): T | undefined;
  keep(key: string, draft: T): void;
  drop(key: string): void;
  /**
   * The value of `Idempotency-Key` for a request that sends a draft. It is the same for the same body until the draft is
   * dropped, so that trying again cannot do twice what was done, even if the answer was lost.
   */
  idempotencyKey(key: string, body: unknown): string;
}

/** Drafts of this page. Texts may be kept in `sessionStorage`, under a name, so that they outlive a reload too. */
export function drafts<T>(): Drafts<T>;
export function drafts<T extends string>(name: string): Drafts<T>;
export function drafts<T>(name?: string): Drafts<T> {
  const all = kept<T>(name);
  /** By the key of the draft: an idempotency key, a space, and the body with which it was sent. */
  const sent = kept<string>(name && `${name}.sent`);
  return {
    use: (key) => useSignal(all).get(key),
    get: (key) => all.get().get(key),
    keep: (key, draft) => all.put(key, draft),
    drop(key) {
      all.drop(key);
      sent.drop(key);
    },
    idempotencyKey(key, body) {
      const text = JSON.stringify(body);
      const [last] = sent.get().get(key)?.split(" ", 1) ?? [];
      if (last !== undefined && sent.get().get(key) === `${last} ${text}`) return last;
      const fresh = uuid();
      sent.put(key, `${fresh} ${text}`);
      return fresh;
    },
  };
}
