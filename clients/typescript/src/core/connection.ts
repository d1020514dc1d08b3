import { DuelcastError, type ErrorDetails } from "../errors.js";
import { FINAL, type EndpointFacts } from "../generated/contract.js";
import { backOff, requestedDelay } from "./backoff.js";
import { Deadlines } from "./deadlines.js";
import { isFrame, isRecord, number, parsed, text, time, type Frame } from "./frame.js";
import { Interests, LINGER_MS } from "./interests.js";
import type { Follower } from "./interest.js";
import type { Membership } from "./membership.js";
import { isError } from "./server-error.js";

const PATIENCE_MS = 10_000;
const SILENCE_MS = 30_000;
const WAKE_PATIENCE_MS = 3000;
const STEADY_MS = 1000;

/**
 * The state of an endpoint's connection: `idle` (nothing is wanted), `connecting`, `open` (established), `waiting` for the
 * next attempt at `retryAt` (in epoch milliseconds; absent while the page is hidden), `signed_out` (it needs a token),
 * `refused` (the server does not accept this client), or `closed` (by `close`).
 */
export type ConnectionState =
  | { readonly is: "idle" | "connecting" | "open" | "closed" }
  | { readonly is: "waiting"; readonly retryAt?: number }
  | { readonly is: "signed_out" | "refused"; readonly error: DuelcastError };

/** The outside of a connection. None of this calls the connection back before it returns. */
export interface Outside {
  /** Asks the token provider; `token` gets the answer. */
  ask(): void;
  /** Opens a WebSocket at the endpoint with these parameters. */
  dial(query: [name: string, value: string][]): void;
  send(data: string): void;
  /** Ends the WebSocket, of which nothing is reported any more; without a code because it is dead. */
  hangUp(code?: number): void;
  /** Shows a message to the handlers of the application. */
  deliver(frame: Frame): void;
}

/** The parts of a connection. */
export interface ConnectionOptions {
  readonly facts: EndpointFacts;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
  /** While the page is hidden, the client does not dial. */
  readonly page: { readonly isHidden: boolean };
  /** A ping was answered; times in epoch milliseconds. */
  readonly measured: (sent: number, received: number, serverTime: number) => void;
  /** The state is another. */
  readonly changed: (state: ConnectionState) => void;
}

/** The requests of the application, which a connection has only if the application makes some. */
export interface Calls {
  /** How many wait for an answer. */
  readonly size: number;
  /** The connection is established: sends what waits. */
  establish(limits: unknown): void;
  /** A message with the id of a request, perhaps. */
  answer(frame: Frame, id: string): void;
  /** The connection was lost. */
  disconnect(): void;
  /** No other connection will follow. */
  fail(error: DuelcastError): void;
}

/**
 * One endpoint's connection, without sockets, timers and clocks: methods report what happened, at the time `now`, and
 * `deadlines` says when it acts by itself.
 */
export class Connection {
  readonly deadlines: Deadlines = new Deadlines();
  readonly interests: Interests = new Interests(this);
  calls: Calls | undefined;
  state: ConnectionState = { is: "idle" };
  /** In epoch milliseconds. */
  now = 0;
  epoch = "";
  isOpen = false;
  /** The wallet of the user whose connection it is. */
  wallet: string | undefined;
  readonly #outside: Outside;
  readonly #options: ConnectionOptions;
  #ids = 0;
  #token: string | null = null;
  #asks = false;
  #isDialled = false;
  #failedAttempts = 0;
  #establishedAt: number | undefined;
  /** Whether the server has refused the token since the connection was last established. */
  #isRejected = false;
  /** The sentence of the last message, if that is an error: it may say why the server ends the connection. */
  #sentence: string | undefined;
  #lastArrival = 0;
  #silenceMs = SILENCE_MS;
  /** When each ping that is not answered was sent, by its number. */
  readonly #pings = new Map<number, number>();

  constructor(outside: Outside, options: ConnectionOptions) {
    this.#outside = outside;
    this.#options = options;
  }

  get isEstablished(): boolean {
    return this.state.is === "open";
  }

  get isWanted(): boolean {
    return Boolean(this.calls?.size) || this.interests.areWanted;
  }

  /** Why it will not connect, if it will not. */
  get refusal(): DuelcastError | undefined {
    return this.state.is === "closed" ? closed() : "error" in this.state ? this.state.error : undefined;
  }

  // ── what the application does ───────────────────────────────────────────────────────────────────────────────────

  follow(membership: Membership, follower: Follower): void {
    if (this.state.is === "closed") return;
    this.interests.follow(membership, follower);
    if (this.refusal !== undefined) this.interests.disconnect(this.refusal);
    this.want();
  }

  unfollow(membership: Membership, follower: Follower): void {
    this.interests.unfollow(membership, follower);
    this.want();
  }

  /** Dials if something is wanted; ends the connection a while after nothing is. */
  want(): void {
    if (this.isWanted) {
      this.deadlines.clear("idle");
      if (this.state.is === "idle") this.#start();
    } else if (this.state.is !== "idle" && this.refusal === undefined && !this.deadlines.has("idle")) {
      this.deadlines.set("idle", this.now + LINGER_MS, () => this.#rest());
    }
  }

  /** The application has set another token. */
  changeToken(): void {
    if (this.state.is === "idle" || this.state.is === "closed") return;
    this.#isRejected = false;
    this.#failedAttempts = 0;
    this.interests.changeToken();
    this.#end({ is: "idle" }, 1000);
    // Nothing of the former user is sent in the name of the next one.
    this.calls?.fail(new DuelcastError("ABORTED", "The user changed."));
    this.want();
  }

  close(): void {
    if (this.state.is === "closed") return;
    this.#end({ is: "closed" }, 1000);
    this.calls?.fail(closed());
    this.interests.end();
  }

  // ── what happens outside ────────────────────────────────────────────────────────────────────────────────────────

  /** The provider answers: a token, `null`, or an error. */
  token(answer: string | null | Error): void {
    if (!this.#asks) return;
    this.#asks = false;
    if (this.isEstablished) {
      if (typeof answer === "string") this.send({ type: "auth", token: answer });
      return;
    }
    if (answer instanceof Error) return this.#retry();
    const { isPublic, publicName } = this.#options.facts;
    const query: [string, string][] = [];
    if (!isPublic) {
      if (answer === null && publicName === undefined) return this.#signOut();
      query.push(answer === null ? ["endpoint", publicName ?? ""] : ["auth", "message"]);
    }
    for (const since of this.interests.resume()) query.push(["since", since]);
    this.#token = answer;
    this.#isDialled = true;
    this.#expect("dial", PATIENCE_MS);
    this.#outside.dial(query);
  }

  opened(): void {
    this.isOpen = true;
    if (this.#token === null) this.#identify(undefined);
    else this.send({ type: "auth", token: this.#token });
    this.interests.open();
  }

  received(data: string): void {
    this.#lastArrival = this.now;
    this.deadlines.clear("pong");
    const frame = parsed(data);
    if (isFrame(frame)) this.#handle(frame);
  }

  /** The socket was closed, or a dial has failed. */
  lost(code: number, reason: string): void {
    this.#isDialled = false;
    if (FINAL.includes(code)) {
      const name = code === 4003 ? "PERMISSION_DENIED" : "REFUSED";
      return this.#stop("refused", name, this.#sentence ?? `The server refuses this: ${code}.`);
    }
    if (code !== 4001 || this.#isBrief()) return this.#retry(requestedDelay(code, reason));
    if (this.#isRejected) return this.#signOut();
    this.#isRejected = true;
    this.#end({ is: "idle" });
    this.want();
  }

  /** A socket cannot even be made, so that another attempt would be useless. */
  fail(cause: unknown): void {
    this.#stop("refused", "REFUSED", String(cause), { cause });
  }

  /** The page is visible, the machine is online again, or its clock has jumped. */
  wake(): void {
    if (this.state.is === "waiting") this.#start();
    else if (this.isEstablished) this.#probe(WAKE_PATIENCE_MS);
  }

  // ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────

  send(frame: Frame, requestId: string = this.nextId()): string {
    this.#outside.send(JSON.stringify({ ...frame, requestId }));
    return requestId;
  }

  ping(): number {
    const id = Number(this.send({ type: "ping", timestamp: this.now }));
    this.#pings.set(id, this.now);
    return id;
  }

  nextId(): string {
    return String(++this.#ids);
  }

  #handle(frame: Frame): void {
    const { type } = frame;
    const id = text(frame.requestId);
    let counts = true;
    if (type === "connection_established") {
      if (this.isEstablished || text(frame.epoch) === undefined) return;
      this.#establish(frame);
    } else if (type === "auth_success") {
      if (!this.isEstablished && isRecord(frame.user)) this.#identify(text(frame.user.wallet_address));
      this.#refreshBefore(frame);
    } else if (type === "pong") {
      this.#pong(frame, Number(id));
    } else counts = this.interests.handle(frame, id);
    this.#sentence = isError(frame) ? text(frame.message) : undefined;
    if (id !== undefined) this.calls?.answer(frame, id);
    if (counts) this.#outside.deliver(frame);
  }

  #pong(frame: Frame, id: number): void {
    const sent = this.#pings.get(id);
    if (sent === undefined) return;
    this.#pings.delete(id);
    const serverTime = time(frame.serverTime);
    if (serverTime > 0) this.#options.measured(sent, this.now, serverTime);
    this.interests.settle(id);
  }

  // ── the life of a connection ────────────────────────────────────────────────────────────────────────────────────

  #start(): void {
    this.deadlines.clear("retry");
    this.#sentence = undefined;
    if (this.#options.page.isHidden) return this.#become({ is: "waiting" });
    this.#become({ is: "connecting" });
    this.#ask();
    this.#expect("dial", PATIENCE_MS);
  }

  #ask(): void {
    this.#asks = true;
    this.#outside.ask();
  }

  #establish(frame: Frame): void {
    this.deadlines.clear("dial");
    this.epoch = text(frame.epoch) ?? "";
    this.#isRejected = false;
    this.#establishedAt = this.now;
    this.#silenceMs = number(frame.heartbeatIntervalMs) ?? SILENCE_MS;
    this.#become({ is: "open" });
    this.#refreshBefore(frame);
    this.interests.establish(frame.positions);
    this.calls?.establish(frame.limits);
    this.#listen();
  }

  /** The user of the connection is known. */
  #identify(wallet: string | undefined): void {
    if (this.wallet && wallet !== this.wallet) this.interests.changeUser();
    this.wallet = wallet;
  }

  /** Asks for another token before that of a message with `expiresAt` expires. */
  #refreshBefore(frame: Frame): void {
    const remaining = time(frame.expiresAt) - time(frame.timestamp);
    // A provider that returns the same token again and again is asked less than once a second.
    if (!(remaining > 2000)) return this.deadlines.clear("refresh");
    this.deadlines.set("refresh", this.now + Math.max(remaining / 2, remaining - 60_000), () => this.#ask());
  }

  /** Sends a ping when nothing has arrived for a while. */
  #listen(since: number = this.#lastArrival): void {
    this.deadlines.set("silence", since + this.#silenceMs, () => {
      const isSilent = this.now - this.#lastArrival >= this.#silenceMs;
      if (isSilent) this.#probe(PATIENCE_MS);
      this.#listen(isSilent ? this.now : undefined);
    });
  }

  #probe(withinMs: number): void {
    this.ping();
    this.#expect("pong", withinMs);
  }

  /** Gives up the connection unless the deadline is cleared before. */
  #expect(name: "dial" | "pong", withinMs: number): void {
    this.deadlines.set(name, this.now + withinMs, () => this.#retry());
  }

  #retry(delayMs?: number): void {
    if (this.#isBrief() === false) this.#failedAttempts = 0;
    this.#disconnect();
    if (!this.isWanted) return this.#rest();
    const retryAt = this.now + (delayMs ?? backOff(this.#failedAttempts++, this.#options.random()));
    this.deadlines.set("retry", retryAt, () => this.#start());
    this.#become(this.#options.page.isHidden ? { is: "waiting" } : { is: "waiting", retryAt });
  }

  /** Whether the connection was established for a short time only; undefined if it was not established. */
  #isBrief(): boolean | undefined {
    return this.#establishedAt === undefined ? undefined : this.now - this.#establishedAt < STEADY_MS;
  }

  #rest(): void {
    this.#end({ is: "idle" }, 1000);
    this.interests.end();
  }

  #signOut(): void {
    this.#stop("signed_out", "UNAUTHORIZED", this.#sentence ?? "Sign in.");
  }

  #stop(is: "signed_out" | "refused", code: string, message: string, details?: ErrorDetails): void {
    const error = new DuelcastError(code, message, details);
    this.#end({ is, error });
    this.calls?.fail(error);
    this.interests.disconnect(error);
  }

  #end(state: ConnectionState, code?: number): void {
    this.#disconnect(code);
    this.deadlines.clear("idle");
    this.#become(state);
  }

  /** Everything that belongs to the connection ends with it. */
  #disconnect(code?: number): void {
    if (this.#isDialled) this.#outside.hangUp(code);
    this.#isDialled = this.isOpen = this.#asks = false;
    this.#establishedAt = undefined;
    this.#pings.clear();
    this.deadlines.clear("dial", "silence", "pong", "refresh", "retry");
    this.calls?.disconnect();
    this.interests.disconnect();
  }

  #become(state: ConnectionState): void {
    this.state = state;
    this.#options.changed(state);
  }
}

function closed(): DuelcastError {
  return new DuelcastError("CLOSED", "The client was closed.");
}
