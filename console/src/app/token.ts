import { refresh } from "@duelcast/client";
import { signal } from "./signal";

const KEY = "duelcast.token";
const REFRESH_BEFORE_MS = 120_000;

/** The access token of this tab; null for an anonymous visitor. */
export const token = signal<string | null>(takeFromAddress() ?? sessionStorage.getItem(KEY));
keep();
token.subscribe(keep);

/** Whether a text has the form of an access token (RFC 7519). */
export function isToken(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);
}

/** The token, exchanged for a new one if it is about to expire; the old one if that fails. */
export async function freshToken(url: string): Promise<string | null> {
  const present = token.get();
  if (present === null || expiryMs(present) - Date.now() > REFRESH_BEFORE_MS) return present;
  try {
    const renewed = (await refresh(url, present)).token;
    if (token.get() === present) token.set(renewed);
    return renewed;
  } catch {
    // The server says whether it still accepts the old one.
    return present;
  }
}

/** Takes a token from the fragment of the address, which is removed so that it is neither shown nor shared. */
export function takeFromAddress(): string | undefined {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found === null) return undefined;
  history.replaceState(history.state, "", location.pathname + location.search);
  return isToken(found) ? found : undefined;
}

function keep(): void {
  const present = token.get();
  if (present === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, present);
}

/** When a token expires, in epoch milliseconds; `Infinity` if it does not say. */
function expiryMs(jwt: string): number {
  try {
    const payload: unknown = JSON.parse(atob(jwt.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")));
    const { exp } = payload as { exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : Infinity;
  } catch {
    return Infinity;
  }
}
