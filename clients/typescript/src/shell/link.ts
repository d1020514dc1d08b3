import { Connection, type ConnectionOptions, type Outside } from "../core/connection.js";
import type { Frame } from "../core/frame.js";
import type { Follower } from "../core/interest.js";
import type { Membership } from "../core/membership.js";
import type { EndpointName } from "../generated/messages.js";
import type { Clock } from "./clock.js";
import type { WebSocketClass, WebSocketLike } from "./socket.js";
import type { Tokens } from "./tokens.js";

/** A timer that fires so much later or earlier than by the clock means that the clock has jumped: the machine slept. */
const JUMP_MS = 2000;
const LONGEST_TIMER_MS = 1e9;

/** The parts of a link. */
export interface LinkOptions extends ConnectionOptions {
  /** The address of the endpoint, without a query. */
  readonly url: string;
  readonly name: EndpointName;
  readonly webSocket: WebSocketClass | undefined;
  readonly clock: Clock;
  readonly tokens: Tokens;
}

/** Connects the core of an endpoint with a WebSocket, timers and the token provider. */
export class Link implements Outside {
  readonly connection: Connection;
  readonly options: LinkOptions;
  /** Shows a message to the handlers of the application, if it has any. */
  deliver: (frame: Frame) => void = () => undefined;
  #socket: WebSocketLike | undefined;
  #timer: { readonly handle: unknown; readonly at: number } | undefined;
  #asked = 0;
  /** The step that is under way, and those that wait for its end. */
  readonly #steps: (() => void)[] = [];

  constructor(options: LinkOptions) {
    this.options = options;
    this.connection = new Connection(this, options);
  }

  follow(membership: Membership, follower: Follower): () => void {
    this.act(() => this.connection.follow(membership, follower));
    // All that becomes wanted in the same turn is joined by one message.
    queueMicrotask(() => this.happen(() => undefined));
    return () => this.happen(() => this.connection.unfollow(membership, follower));
  }

  /** Lets something happen to the connection now, and sends what it joins and leaves. */
  happen(step: () => void): void {
    this.act(() => {
      step();
      this.connection.interests.flush();
    });
  }

  /**
   * Lets the application or the surroundings act on the connection at the present time. Handlers, listeners and sockets
   * that answer at once may do so during a step: theirs follows it.
   */
  act(step: () => void): void {
    if (this.#steps.push(step) > 1) return;
    this.connection.now = this.options.clock.now();
    try {
      for (const next of this.#steps) next();
    } finally {
      this.#steps.length = 0;
      this.#arm();
    }
  }

  ask(): void {
    const asked = ++this.#asked;
    void this.options.tokens.ask().then((answer) => {
      if (asked === this.#asked) this.happen(() => this.connection.token(answer));
    });
  }

  dial(query: [name: string, value: string][]): void {
    const { url, webSocket } = this.options;
    const parameters = new URLSearchParams(query).toString();
    try {
      if (!webSocket) throw new TypeError("Pass `webSocket` to createClient.");
      const socket = new webSocket(parameters ? `${url}?${parameters}` : url);
      this.#socket = socket;
      // A socket that has been hung up reports nothing, even if it ends later.
      const happen = (step: () => void): void => this.happen(() => this.#socket === socket && step());
      socket.onopen = () => happen(() => this.connection.opened());
      socket.onmessage = ({ data }: { data: unknown }) => {
        if (typeof data === "string") happen(() => this.connection.received(data));
      };
      socket.onclose = ({ code, reason }: { code: number; reason: unknown }) => {
        happen(() => {
          this.#socket = undefined;
          this.connection.lost(code, String(reason));
        });
      };
      // `close` follows. Without a handler, an error that `ws` reports after the end would stop the process.
      socket.onerror = () => undefined;
    } catch (cause) {
      this.connection.fail(cause);
    }
  }

  send(data: string): void {
    try {
      this.#socket?.send(data);
    } catch {
      // It is closing: `close` follows.
    }
  }

  hangUp(code?: number): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (code === undefined && socket?.terminate) socket.terminate();
    else socket?.close(code);
  }

  /** Sets the timer for the next deadline. A timer that is early only looks again. */
  #arm(): void {
    const { clock } = this.options;
    const { next } = this.connection.deadlines;
    if (this.#timer) {
      if (this.#timer.at <= next && next < Infinity) return;
      clock.clearTimeout(this.#timer.handle);
      this.#timer = undefined;
    }
    if (next === Infinity) return;
    const now = clock.now();
    const delayMs = Math.min(Math.max(0, next - now), LONGEST_TIMER_MS);
    this.#timer = { handle: clock.setTimeout(() => this.#fire(now + delayMs), delayMs), at: now + delayMs };
  }

  #fire(at: number): void {
    this.#timer = undefined;
    this.happen(() => {
      const { deadlines, now } = this.connection;
      if (Math.abs(now - at) > JUMP_MS) {
        deadlines.shift(now - at);
        this.connection.wake();
      }
      deadlines.run(now);
    });
  }
}
