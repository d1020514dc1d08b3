import { Connection, type Action, type ConnectionState } from "../core/connection.js";
import type { EndpointFacts } from "../core/facts.js";
import type { Frame } from "../core/frame.js";
import type { Follower } from "../core/interest.js";
import type { Membership } from "../core/membership.js";
import { DuelcastError } from "../errors.js";
import type { Clock } from "./clock.js";
import type { PageEvent } from "./page.js";
import { report } from "./report.js";
import { Socket, type WebSocketClass } from "./socket.js";
import type { Tokens } from "./tokens.js";
import { uuid } from "./uuid.js";

/** A timer that fires so much later or earlier than by the clock means that the clock has jumped: the machine slept. */
const JUMP_MS = 2000;
const LONGEST_TIMER_MS = 1e9;

/** What a link shares with those of the other endpoints. */
export interface LinkOptions {
  /** The address of the endpoint, without a query. */
  readonly url: string;
  readonly facts: EndpointFacts;
  readonly isHidden: () => boolean;
  readonly webSocket: WebSocketClass | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tokens: Tokens;
  readonly changed: (state: ConnectionState) => void;
  readonly measured: (sent: number, received: number, serverTime: number) => void;
}

/** Options of a request. */
export interface RequestOptions {
  /** After how many milliseconds without an answer it fails with `TIMEOUT`; 10,000 by default, `Infinity` for never. */
  readonly timeoutMs?: number | undefined;
  /** Cancels it: it fails with `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

/** Connects the core of an endpoint with a WebSocket, timers and the token provider. */
export class Link {
  readonly #options: LinkOptions;
  readonly #connection: Connection;
  readonly #handlers = new Map<string, Set<{ readonly handle: (frame: Frame) => void }>>();
  #socket: Socket | undefined;
  #timer: { readonly handle: unknown; readonly at: number } | undefined;
  #isActing = false;
  #flushes = false;
  #asked = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#connection = new Connection(options.facts, options.random, uuid, options.isHidden);
  }

  follow(membership: Membership, follower: Follower): () => void {
    this.#do((now) => this.#connection.follow(membership, follower, now));
    this.#flushSoon();
    return () => this.#do((now) => this.#connection.unfollow(membership, follower, now));
  }

  request(command: Frame, { timeoutMs = 10_000, signal }: RequestOptions = {}): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(aborted(signal));
      let id = "";
      const abort = (): void => this.#do((now) => this.#connection.abort(id, signal?.reason, now));
      const settle = (result: Frame | DuelcastError): void => {
        signal?.removeEventListener("abort", abort);
        if (result instanceof DuelcastError) reject(result);
        else resolve(result);
      };
      const plan = { command, timeoutMs, retriesAfter: isPassing, settle };
      this.#do((now) => (id = this.#connection.request(plan, now)));
      signal?.addEventListener("abort", abort);
    });
  }

  /** Sends a command that is made when it is sent, and may be repeated; waits for ever. */
  submit(
    command: () => Frame,
    retriesAfter: (error: DuelcastError) => boolean,
    settle: (result: Frame | DuelcastError) => void,
  ): void {
    this.#do((now) => this.#connection.request({ command, timeoutMs: Infinity, retriesAfter, settle }, now));
  }

  on(type: string, handle: (frame: Frame) => void): () => void {
    const handlers = this.#handlers.get(type) ?? new Set();
    this.#handlers.set(type, handlers);
    const entry = { handle };
    handlers.add(entry);
    return () => handlers.delete(entry);
  }

  page(event: PageEvent): void {
    if (event !== "hidden") this.#do((now) => this.#connection.wake(now));
  }

  changeToken(): void {
    this.#do((now) => this.#connection.changeToken(now));
  }

  close(): void {
    this.#do((now) => this.#connection.close(now));
  }

  /** Joins together whatever becomes wanted in the same turn. */
  #flushSoon(): void {
    if (this.#flushes) return;
    this.#flushes = true;
    queueMicrotask(() => {
      this.#flushes = false;
      this.#do((now) => this.#connection.flush(now));
    });
  }

  #do(step: (now: number) => void): void {
    step(this.#options.clock.now());
    if (this.#isActing) return;
    this.#isActing = true;
    try {
      for (let actions = this.#connection.take(); actions.length > 0; actions = this.#connection.take()) {
        for (const action of actions) this.#act(action);
      }
    } finally {
      this.#isActing = false;
      this.#arm();
    }
  }

  #act(action: Action): void {
    switch (action.do) {
      case "ask":
        return this.#ask();
      case "dial":
        return this.#dial(action.query);
      case "send":
        return this.#socket?.send(action.text);
      case "hangUp":
        this.#socket?.end(action.code);
        this.#socket = undefined;
        return;
      case "deliver":
        return this.#deliver(action.frame);
      case "measure":
        return this.#options.measured(action.sent, action.received, action.serverTime);
      case "state":
        return this.#options.changed(this.#connection.state);
    }
  }

  #ask(): void {
    const asked = ++this.#asked;
    void this.#options.tokens.ask().then((answer) => {
      if (asked === this.#asked) this.#do((now) => this.#connection.token(answer, now));
    });
  }

  #dial(query: readonly (readonly [name: string, value: string])[]): void {
    const { url, webSocket } = this.#options;
    const parameters = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
    try {
      if (webSocket === undefined) throw new TypeError("There is no WebSocket here: pass `webSocket` to createClient.");
      this.#socket = new Socket(webSocket, parameters === "" ? url : `${url}?${parameters}`, {
        opened: () => this.#do((now) => this.#connection.opened(now)),
        received: (text) => this.#do((now) => this.#connection.received(text, now)),
        lost: (code, reason) => {
          this.#socket = undefined;
          this.#do((now) => this.#connection.lost(code, reason, now));
        },
      });
    } catch (cause) {
      this.#connection.fail(cause);
    }
  }

  #deliver(frame: Frame): void {
    for (const { handle } of [...(this.#handlers.get(frame.type) ?? [])]) {
      try {
        handle(frame);
      } catch (error) {
        report(error);
      }
    }
  }

  /** Sets the timer for what is due next. A timer that is early only looks again. */
  #arm(): void {
    const { clock } = this.#options;
    const next = this.#connection.deadlines.next;
    if (this.#timer !== undefined && next !== undefined && this.#timer.at <= next) return;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer.handle);
    this.#timer = undefined;
    if (next === undefined) return;
    const now = clock.now();
    const delayMs = Math.min(Math.max(0, next - now), LONGEST_TIMER_MS);
    this.#timer = { handle: clock.setTimeout(() => this.#fire(), delayMs), at: now + delayMs };
  }

  #fire(): void {
    const jumpMs = this.#options.clock.now() - (this.#timer?.at ?? 0);
    this.#timer = undefined;
    this.#do((now) => {
      if (Math.abs(jumpMs) > JUMP_MS) {
        this.#connection.deadlines.shift(jumpMs);
        this.#connection.wake(now);
      }
      this.#connection.tick(now);
    });
  }
}

/** Whether the server could not say at that time, so that the same command may succeed soon. */
function isPassing({ code }: DuelcastError): boolean {
  return code === "UNAVAILABLE" || code === "OUTCOME_UNKNOWN";
}

function aborted(signal: AbortSignal): DuelcastError {
  return new DuelcastError("ABORTED", "The request was cancelled.", { cause: signal.reason });
}
