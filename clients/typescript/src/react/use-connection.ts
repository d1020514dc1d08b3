import type { ConnectionState } from "../core/connection.js";
import type { EndpointName } from "../generated/messages.js";
import { useDuelcast } from "./provider.js";
import { useStore } from "./use-store.js";

type States = Readonly<Record<EndpointName, ConnectionState>>;

/** The states, beginning with the one that a user should know about first. */
const URGENCY: readonly ConnectionState["is"][] = [
  "refused",
  "signed_out",
  "waiting",
  "connecting",
  "open",
  "closed",
  "idle",
];

/**
 * The state of an endpoint's connection; without an endpoint, the state of all that a user should know about first, for a
 * banner: `refused`, `signed_out`, `waiting` (with the earliest `retryAt`), `connecting`, `open`, `closed`, `idle`.
 *
 * It follows nothing by itself: an endpoint connects when something of it is wanted.
 */
export function useConnection(endpoint?: EndpointName): ConnectionState {
  return useStore(useDuelcast().state, endpoint === undefined ? mostUrgent : (states) => states[endpoint]).value;
}

function mostUrgent(states: States): ConnectionState {
  return Object.values(states).reduce((most, next) => (isMoreUrgent(next, most) ? next : most));
}

function isMoreUrgent(next: ConnectionState, than: ConnectionState): boolean {
  if (next.is === "waiting" && than.is === "waiting") return retryAt(next) < retryAt(than);
  return URGENCY.indexOf(next.is) < URGENCY.indexOf(than.is);
}

function retryAt(state: { readonly retryAt?: number }): number {
  return state.retryAt ?? Infinity;
}
