import { ClockOffset } from "./core/clock-offset.js";
import { emplace } from "./core/emplace.js";
import type { Connection, ConnectionState } from "./core/connection.js";
import { ENDPOINTS } from "./generated/contract.js";
import type { EndpointName } from "./generated/messages.js";
import { systemClock, type Clock } from "./shell/clock.js";
import { Link } from "./shell/link.js";
import { browserPage, type Page } from "./shell/page.js";
import type { WebSocketClass } from "./shell/socket.js";
import { Tokens, type TokenProvider } from "./shell/tokens.js";
import { Flush, platformSchedule, type Schedule } from "./stores/flush.js";
import { ValueStore, type Store } from "./stores/store.js";

/** A place for tracked events that cannot be sent yet, such as `sessionStorage`. Tabs must not share it. */
export interface QueueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** The options of a client. Only `url` is needed in a browser. */
export interface ClientOptions {
  /** The address of the server, such as `https://duelcast.example`; a path in it is kept. */
  readonly url: string;
  /** The token, or a function that returns it whenever it is needed. Without one the client is anonymous. */
  readonly token?: string | null | TokenProvider | undefined;
  /** The class of the WebSockets, if there is no global one: in Node.js 20 that of the package `ws`. */
  readonly webSocket?: WebSocketClass | undefined;
  /** Keeps tracked events over a reload of the page. */
  readonly storage?: QueueStorage | undefined;
  /** When listeners are called after messages have arrived; by default once per frame. */
  readonly schedule?: Schedule | undefined;
  /** The source of events such as `hidden` and `online`; by default the page in the browser. */
  readonly page?: Page | undefined;
  /** The time and the timers, for tests. */
  readonly clock?: Clock | undefined;
  /** Returns a number from 0 to 1, for tests. */
  readonly random?: (() => number) | undefined;
}

/** A client of one server. It dials when something is wanted, and recovers by itself after a connection has ended. */
export interface Client {
  /** The state of each endpoint's connection. */
  readonly state: Store<Readonly<Record<EndpointName, ConnectionState>>>;
  /** By how many milliseconds the server's clock is ahead; `undefined` until it has been measured. */
  readonly clockOffsetMs: Store<number | undefined>;
  /** Another user signs in, or (`null`) the present one signs out: all connections end, and are made anew if wanted. */
  setToken(token: string | null | TokenProvider): void;
  /** Fails all requests with `CLOSED` and ends the connections. The client does nothing afterwards. */
  close(): void;
}

/** The parts of a client that the functions of this library need. */
export interface Inside {
  readonly url: string;
  readonly flush: Flush;
  readonly storage: QueueStorage | undefined;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly clockOffsetMs: ValueStore<number | undefined>;
  link(name: EndpointName): Link;
  /** The value that `make` returned when it was first called for `key`. */
  once<T>(key: string, make: () => T): T;
}

const insides = new WeakMap<Client, Inside>();

/** The inside of a client that `createClient` returned. */
export function inside(client: Client): Inside {
  // Types keep everything else out.
  return insides.get(client) as Inside;
}

/** Makes a client. Nothing is dialled before something is wanted. */
export function createClient(options: ClientOptions): Client {
  const { clock = systemClock, page = browserPage, random = Math.random, storage } = options;
  const webSocket = options.webSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  const url = new URL(options.url).href.replace(/\/+$/, "");
  const flush = new Flush(options.schedule ?? platformSchedule);
  const tokens = new Tokens(options.token ?? null, clock);
  const offset = new ClockOffset();
  const links = new Map<EndpointName, Link>();
  const kept = new Map<string, unknown>();
  const idle = Object.keys(ENDPOINTS).map((name) => [name, { is: "idle" }]);
  const state = new ValueStore(flush, Object.fromEntries(idle) as Readonly<Record<EndpointName, ConnectionState>>);
  const clockOffsetMs = new ValueStore<number | undefined>(flush, undefined);
  let unlisten: (() => void) | undefined;
  let isClosed = false;

  function changed(name: EndpointName, next: ConnectionState): void {
    state.set({ ...state.next, [name]: next });
    // The page is listened to while an endpoint may have to dial.
    if (Object.values(state.next).some(({ is }) => is !== "idle" && is !== "closed")) {
      unlisten ??= page.listen((event) => {
        if (event === "hidden") flush.run();
        else each((connection) => connection.wake());
      });
    } else {
      unlisten?.();
      unlisten = undefined;
    }
  }

  function each(step: (connection: Connection) => void): void {
    for (const one of links.values()) one.happen(() => step(one.connection));
  }

  function link(name: EndpointName): Link {
    return emplace(links, name, () => {
      const made = new Link({
        url: `${url.replace(/^http/, "ws")}/api/v69/ws/${name}`,
        name,
        facts: ENDPOINTS[name],
        page,
        webSocket,
        clock,
        random,
        tokens,
        changed: (next) => changed(name, next),
        measured: (...times) => clockOffsetMs.set(offset.add(...times)),
      });
      if (isClosed) made.connection.close();
      return made;
    });
  }

  const client: Client = {
    state,
    clockOffsetMs,
    setToken(token) {
      tokens.replace(token);
      each((connection) => connection.changeToken());
    },
    close() {
      isClosed = true;
      each((connection) => connection.close());
    },
  };

  insides.set(client, {
    url,
    flush,
    storage,
    tokens,
    clock,
    clockOffsetMs,
    link,
    once: (key, make) => emplace(kept, key, make) as never,
  });
  return client;
}
