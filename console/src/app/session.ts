import { createClient, endpoint, type Client } from "@duelcast/client";
import type { User } from "@duelcast/client/types";
import { signal } from "./signal";
import { freshToken, takeFromAddress, token } from "./token";

/** The address of the server, without a slash at its end; the pages are below `/console/`. */
export const SERVER_URL = new URL("..", document.baseURI).href.replace(/\/$/, "");
/** The path of the console, without a slash at its end. */
export const BASE_PATH = new URL(document.baseURI).pathname.replace(/\/$/, "");

export const client: Client = createClient({
  url: SERVER_URL,
  token: () => freshToken(SERVER_URL),
});

/** The user as the server knows them; null for an anonymous visitor, and undefined until the server has answered. */
export const user = signal<User | null | undefined>(undefined);
/** The version of the server's software. */
export const serverVersion = signal<string | undefined>(undefined);

const OWNER = "duelcast.user";
const forgetting = new Set<() => void>();

/** Calls `forget` when the last user of this tab signs out, or another one signs in. */
export function onOtherUser(forget: () => void): void {
  forgetting.add(forget);
}

user.subscribe(() => {
  const present = user.get();
  if (present === undefined) return;
  const former = sessionStorage.getItem(OWNER);
  if (former !== null && former !== present?.wallet_address) for (const forget of forgetting) forget();
  if (present === null) sessionStorage.removeItem(OWNER);
  else sessionStorage.setItem(OWNER, present.wallet_address);
});

const account = endpoint(client, "notifications");
account.on("connection_established", (message) => {
  user.set(message.user);
  serverVersion.set(message.serverVersion);
});
account.on("session_updated", (message) => user.set(message.user));

export function signIn(accessToken: string): void {
  token.set(accessToken);
  user.set(undefined);
  client.setToken(() => freshToken(SERVER_URL));
}

export function signOut(): void {
  token.set(null);
  user.set(null);
  client.setToken(() => freshToken(SERVER_URL));
}

// A link with a token may be opened in a tab that shows the console already.
addEventListener("hashchange", () => {
  const found = takeFromAddress();
  if (found !== undefined) signIn(found);
});

/** Whether a user may use the views for operators. */
export function isOperator(one: User | null | undefined): boolean {
  return one?.role === "admin" || one?.role === "superadmin";
}
