import { onOtherUser } from "../app/session";
import { signal, useSignal, type Signal } from "../app/signal";

/**
 * What the user has typed and not stored yet, by a key. It outlives the component, a lost connection and signing in again,
 * but not another user.
 */
export interface Drafts<T> {
  /** The draft; the component renders when one changes. */
  use(key: string): T | undefined;
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
  /** By the key of the draft: an idempotency key, and the body with which it was sent. */
  const sent = kept<string>(name && `${name}.sent`);
  return {
    use: (key) => useSignal(all).get(key),
    keep: (key, draft) => put(all, key, draft),
    drop(key) {
      put(all, key, undefined);
      put(sent, key, undefined);
    },
    idempotencyKey(key, body) {
      const text = JSON.stringify(body);
      const last = sent.get().get(key);
      if (last?.slice(KEY_LENGTH) === text) return last.slice(0, KEY_LENGTH);
      const fresh = newKey();
      put(sent, key, fresh + text);
      return fresh;
    },
  };
}

const KEY_LENGTH = 32;

/** Not `randomUUID`, which only pages of HTTPS and of this machine have. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_LENGTH / 2));
  return Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
}

type Kept<T> = Signal<ReadonlyMap<string, T>>;

/** Values of this user; texts under a name outlive a reload. */
function kept<T>(name: string | undefined): Kept<T> {
  const all: Kept<T> = signal(name === undefined ? new Map() : (stored(name) as ReadonlyMap<string, T>));
  if (name !== undefined) all.subscribe(() => sessionStorage.setItem(name, JSON.stringify([...all.get()])));
  onOtherUser(() => all.set(new Map()));
  return all;
}

function put<T>(all: Kept<T>, key: string, value: T | undefined): void {
  const next = new Map(all.get());
  if (value === undefined) next.delete(key);
  else next.set(key, value);
  all.set(next);
}

function stored(name: string): ReadonlyMap<string, string> {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(name) ?? "[]");
    const isValid = Array.isArray(found) && found.every((one) => Array.isArray(one) && one.every(isText));
    return new Map(isValid ? (found as [string, string][]) : []);
  } catch {
    return new Map();
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
