import { Connection, type Action, type ConnectionState } from "../core/connection.js";
import type { EndpointFacts } from "../core/facts.js";
import type { Frame } from "../core/frame.js";
import type { Follower } from "../core/interest.js";
import type { Membership } from "../core/membership.js";
import type { Clock } from "./clock.js";
import type { WebSocketClass, WebSocketLike } from "./socket.js";
import type { Tokens } from "./tokens.js";

/** A timer that fires so much later or earlier than by the clock means that the clock has jumped: the machine slept. */
const JUMP_MS = 2000;
const LONGEST_TIMER_MS = 1e9;

/** What a link is made of. */
export interface LinkOptions {
  /** The address of the endpoint, without a query. */
  readonly url: string;
  readonly facts: EndpointFacts;
  readonly webSocket: WebSocketClass | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly isHidden: () => boolean;
  readonly tokens: Tokens;
  readonly changed: (state: ConnectionState) => void;
  readonly measured: (sent: number, received: number, serverTime: number) => void;
}

/** Connects the core of an endpoint with a WebSocket, timers and the token provider. */
export class Link {
  readonly connection: Connection;
  readonly options: LinkOptions;
  /** Shows a message to the handlers of the application, if it has any. */
  deliver: ((frame: Frame) => void) | undefined;
  #socket: WebSocketLike | undefined;
  #timer: { readonly handle: unknown; readonly at: number } | undefined;
  #isActing = false;
  #flushes = false;
  #asked = 0;

  constructor(options: LinkOptions) {
    this.options = options;
    this.connection = new Connection(options.facts, options.random, options.isHidden);
  }

  follow(membership: Membership, follower: Follower): () => void {
    this.act(() => this.connection.follow(membership, follower), false);
    // Whatever becomes wanted in the same turn is joined together.
    if (!this.#flushes) {
      this.#flushes = true;
      queueMicrotask(() => {
        this.#flushes = false;
        this.act(() => undefined);
      });
    }
    return () => this.act(() => this.connection.unfollow(membership, follower));
  }

  /** Lets something happen to the connection now, and does what follows from it. */
  readonly act = (step: () => void, flushes = true): void => {
    const { connection } = this;
    connection.now = this.options.clock.now();
    step();
    if (this.#isActing) return;
    this.#isActing = true;
    try {
      for (;;) {
        if (flushes) connection.interests.flush();
        const actions = connection.take();
        if (actions.length === 0) return;
        for (const action of actions) this.#do(action);
      }
    } finally {
      this.#isActing = false;
      this.#arm();
    }
  };

  #do(action: Action): void {
    switch (action.do) {
      case "ask":
        return this.#ask();
      case "dial":
        return this.#dial(action.query);
      case "send":
        return this.#send(action.text);
      case "hangUp":
        return this.#hangUp(action.code);
      case "deliver":
        return this.deliver?.(action.frame);
      case "measure":
        return this.options.measured(action.sent, action.received, action.serverTime);
      case "state":
        return this.options.changed(this.connection.state);
    }
  }

  #ask(): void {
    const asked = ++this.#asked;
    void this.options.tokens.ask().then((answer) => {
      if (asked === this.#asked) this.act(() => this.connection.token(answer));
      return undefined;
    });
  }

  #dial(query: readonly (readonly [name: string, value: string])[]): void {
    const { url, webSocket } = this.options;
    const parameters = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
    try {
      if (webSocket === undefined) throw new TypeError("There is no WebSocket here: pass `webSocket` to createClient.");
      const socket: WebSocketLike = new webSocket(parameters === "" ? url : `${url}?${parameters}`);
      this.#socket = socket;
      socket.onopen = () => this.act(() => this.connection.opened());
      socket.onmessage = ({ data }: { data: unknown }) => {
        if (typeof data === "string") this.act(() => this.connection.received(data));
      };
      socket.onclose = ({ code, reason }: { code: number; reason: unknown }) => {
        this.#detach();
        this.act(() => this.connection.lost(code, String(reason)));
      };
      // `close` follows. Without a handler, an error that `ws` reports after the end would stop the process.
      socket.onerror = () => undefined;
    } catch (cause) {
      this.connection.fail(cause);
    }
  }

  #send(text: string): void {
    try {
      this.#socket?.send(text);
    } catch {
      // It is closing: `close` follows.
    }
  }

  /** Ends the socket; without a code because the other end does not answer any more. */
  #hangUp(code: number | undefined): void {
    const socket = this.#detach();
    if (code === undefined && socket?.terminate !== undefined) socket.terminate();
    else socket?.close(code);
  }

  /** No event of the socket is reported any more. */
  #detach(): WebSocketLike | undefined {
    const socket = this.#socket;
    if (socket !== undefined) socket.onopen = socket.onmessage = socket.onclose = null;
    this.#socket = undefined;
    return socket;
  }

  /** Sets the timer for what is due next. A timer that is early only looks again. */
  #arm(): void {
    const { clock } = this.options;
    const next = this.connection.deadlines.next;
    if (this.#timer !== undefined) {
      if (next !== undefined && this.#timer.at <= next) return;
      clock.clearTimeout(this.#timer.handle);
      this.#timer = undefined;
    }
    if (next === undefined) return;
    const now = clock.now();
    const delayMs = Math.min(Math.max(0, next - now), LONGEST_TIMER_MS);
    this.#timer = { handle: clock.setTimeout(() => this.#fire(now + delayMs), delayMs), at: now + delayMs };
  }

  #fire(at: number): void {
    this.#timer = undefined;
    this.act(() => {
      const { deadlines, now } = this.connection;
      if (Math.abs(now - at) > JUMP_MS) {
        deadlines.shift(now - at);
        this.connection.wake();
      }
      deadlines.run(now);
    });
  }
}
