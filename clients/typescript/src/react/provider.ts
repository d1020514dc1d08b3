import { createContext, createElement, useContext, type ReactElement, type ReactNode } from "react";
import type { Client } from "../client.js";

const ClientContext = createContext<Client | undefined>(undefined);

/** What a `DuelcastProvider` takes. */
export interface DuelcastProviderProps {
  /** A client that was made outside the components, so that neither a render nor a remount makes another. */
  readonly client: Client;
  readonly children?: ReactNode;
}

/**
 * Gives a client to the hooks of the components inside it.
 *
 * It does not close the client; replacing the client moves all hooks to the new one, and the former one leaves what
 * nobody else wants of it.
 */
export function DuelcastProvider({ client, children }: DuelcastProviderProps): ReactElement {
  return createElement(ClientContext.Provider, { value: client }, children);
}

/** The client of the nearest `DuelcastProvider`. */
export function useDuelcast(): Client {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error("This component is not inside a DuelcastProvider.");
  return client;
}
