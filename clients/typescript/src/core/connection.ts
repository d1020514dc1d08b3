import { DuelcastError } from "../errors.js";
import { backOff, isFinal, requestedDelay } from "./backoff.js";
import { Deadlines } from "./deadlines.js";
import { channelsOf, isRepeatable, withKey, type EndpointFacts } from "./facts.js";
import { isRecord, number, parseFrame, text, type Frame } from "./frame.js";
import { Interests, LINGER_MS, type Wire } from "./interests.js";
import type { Follower } from "./interest.js";
import { channelMembership, roomMembership, type Membership } from "./membership.js";
import { Requests } from "./requests.js";
import { isError, serverError } from "./server-error.js";

const DIAL_MS = 10_000;
const SILENCE_MS = 30_000;
const PONG_MS = 10_000;
const WAKE_PONG_MS = 3000;
const STEADY_MS = 5000;
const RETRY_MS = 1000;

/**
 * The state of an endpoint's connection: `idle` (nothing is wanted), `connecting`, `open` (established), `waiting` for the
 * next attempt at `retryAt` (in epoch milliseconds; absent while the page is hidden), `signed_out` (it needs a token),
 * `refused` (the server does not want this client), or `closed` (by `close`).
 */
export type ConnectionState =
  | { readonly is: "idle" | "connecting" | "open" | "closed" }
  | { readonly is: "waiting"; readonly retryAt?: number }
  | { readonly is: "signed_out" | "refused"; readonly error: DuelcastError };

/** What the outside must do for a connection. */
export type Action =
  /** Ask the token provider, and call `token` with the answer. */
  | { readonly do: "ask" }
  /** Open a WebSocket at the endpoint with these parameters. */
  | { readonly do: "dial"; readonly query: readonly (readonly [name: string, value: string])[] }
  | { readonly do: "send"; readonly text: string }
  /** End the WebSocket; without a code because it is dead. No event of it must be reported any more. */
  | { readonly do: "hangUp"; readonly code?: number }
  /** Show a message to the handlers of the application. */
  | { readonly do: "deliver"; readonly frame: Frame }
  /** A ping was answered; times in epoch milliseconds. */
  | { readonly do: "measure"; readonly sent: number; readonly received: number; readonly serverTime: number }
  /** `state` has changed. */
  | { readonly do: "state" };

/** What a request may say besides its command. */
export interface RequestPlan {
  /** The command; or a function that makes it, idempotency keys included, each time that it is sent. */
  readonly command: Frame | (() => Frame);
  /** In milliseconds; `Infinity` waits for ever. */
  readonly timeoutMs: number;
  /** Whether the command is sent again after an error, if it may be repeated at all. */
  readonly retriesAfter: (error: DuelcastError) => boolean;
  readonly settle: (result: Frame | DuelcastError) => void;
}

/**
 * One endpoint's connection, without input and output: methods tell it what happened and at what time (in epoch
 * milliseconds), `take` gives the actions that follow from it, and `deadlines.next` is when to call `tick`.
 */
export class Connection implements Wire {
  readonly deadlines: Deadlines = new Deadlines();
  epoch = "";
  state: ConnectionState = { is: "idle" };
  readonly #facts: EndpointFacts;
  readonly #random: () => number;
  readonly #uuid: () => string;
  readonly #isHidden: () => boolean;
  readonly #interests: Interests = new Interests(this);
  readonly #requests: Requests = new Requests();
  #actions: Action[] = [];
  #now = 0;
  #ids = 0;
  #token: string | null = null;
  #wallet: string | undefined;
  #asks = false;
  #isDialled = false;
  #failedAttempts = 0;
  #establishedAt: number | undefined;
  /** Whether the server has refused the token since the connection was last established. */
  #isRejected = false;
  #lastArrival = 0;
  #silenceMs = SILENCE_MS;
  #maxBytes = Infinity;
  /** When each ping that is not answered was sent, by its number. */
  readonly #pings = new Map<number, number>();
  isOpen = false;

  constructor(facts: EndpointFacts, random: () => number, uuid: () => string, isHidden: () => boolean) {
    this.#facts = facts;
    this.#random = random;
    this.#uuid = uuid;
    this.#isHidden = isHidden;
  }

  get isEstablished(): boolean {
    return this.state.is === "open";
  }

  get isWanted(): boolean {
    return this.#requests.size > 0 || this.#interests.wanted;
  }

  /** The actions since the last call. */
  take(): Action[] {
    const actions = this.#actions;
    if (actions.length > 0) this.#actions = [];
    return actions;
  }

  // ── what the application does ───────────────────────────────────────────────────────────────────────────────────

  follow(membership: Membership, follower: Follower, now: number): void {
    this.#now = now;
    if (this.state.is === "closed") return;
    this.#interests.follow(membership, follower);
    if (this.state.is === "signed_out" || this.state.is === "refused") this.#interests.disconnect(this.state.error);
    this.#want();
  }

  unfollow(membership: Membership, follower: Follower, now: number): void {
    this.#now = now;
    this.#interests.unfollow(membership.key, follower, now);
    this.#want();
  }

  /** Sends what `follow` has gathered. */
  flush(now: number): void {
    this.#now = now;
    this.#interests.flush();
  }

  /** Makes a request; returns its id. */
  request(plan: RequestPlan, now: number): string {
    this.#now = now;
    const id = this.#nextId();
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      plan.settle(refusal);
      return id;
    }
    const { command, retriesAfter } = plan;
    const isMade = typeof command === "function";
    const made = isMade ? command : constant(withKey(this.#facts, command, this.#uuid));
    const repeatable = isMade || isRepeatable(this.#facts, command.type);
    const settle = (result: Frame | DuelcastError): void => {
      this.deadlines.clear(`timeout ${id}`);
      this.deadlines.clear(`again ${id}`);
      plan.settle(result);
    };
    this.#requests.add({ id, command: made, repeatable, retriesAfter, settle });
    if (plan.timeoutMs < Infinity) {
      this.deadlines.set(`timeout ${id}`, now + plan.timeoutMs, () => {
        this.#requests.settle(id, new DuelcastError("TIMEOUT", "The server has not answered in time."));
        this.#want();
      });
    }
    if (this.isEstablished) this.#sendRequests();
    this.#want();
    return id;
  }

  abort(id: string, cause: unknown, now: number): void {
    this.#now = now;
    this.#requests.settle(id, new DuelcastError("ABORTED", "The request was cancelled.", { cause }));
    this.#want();
  }

  /** The application has set another token. */
  changeToken(now: number): void {
    this.#now = now;
    if (this.state.is === "closed") return;
    this.#isRejected = false;
    this.#failedAttempts = 0;
    this.#interests.changeToken();
    if (this.state.is === "idle") return;
    this.#hangUp(1000);
    this.#become({ is: "idle" });
    this.#want();
  }

  close(now: number): void {
    this.#now = now;
    if (this.state.is === "closed") return;
    this.#hangUp(1000);
    this.#become({ is: "closed" });
    this.#requests.fail(closed());
    this.#interests.end();
    this.deadlines.clear();
  }

  // ── what happens outside ────────────────────────────────────────────────────────────────────────────────────────

  /** The provider answers: a token, `null`, or an error. */
  token(answer: string | null | Error, now: number): void {
    this.#now = now;
    if (!this.#asks) return;
    this.#asks = false;
    if (this.isEstablished) {
      if (typeof answer === "string") this.send({ type: "auth", token: answer });
      return;
    }
    if (answer instanceof Error) return this.#retry(1006, "");
    this.#token = answer;
    const { auth, publicName } = this.#facts;
    if (answer === null && auth !== "public" && publicName === undefined) return this.#signOut();
    const query: [string, string][] = [];
    if (auth !== "public") query.push(answer === null ? ["endpoint", publicName ?? ""] : ["auth", "message"]);
    for (const since of this.#interests.resumedByConnecting()) query.push(["since", since]);
    this.#isDialled = true;
    this.#actions.push({ do: "dial", query });
    this.deadlines.set("dial", now + DIAL_MS, () => this.#drop());
  }

  opened(now: number): void {
    this.#now = now;
    if (!this.#isDialled) return;
    this.isOpen = true;
    if (this.#token === null) this.#identify(undefined);
    else this.send({ type: "auth", token: this.#token });
    this.#interests.open();
  }

  received(data: string, now: number): void {
    this.#now = now;
    this.#lastArrival = now;
    this.deadlines.clear("pong");
    const frame = parseFrame(data);
    if (frame !== undefined && this.isOpen) this.#handle(frame);
    this.#interests.flush();
  }

  /** The socket was closed, or a dial has failed. */
  lost(code: number, reason: string, now: number): void {
    this.#now = now;
    if (!this.#isDialled) return;
    this.#disconnect();
    if (code === 4003) {
      return this.#refuse(new DuelcastError("PERMISSION_DENIED", "The server does not let this user connect."));
    }
    if (isFinal(code)) {
      return this.#refuse(new DuelcastError("REFUSED", `The server ended the connection with code ${code}.`));
    }
    if (code !== 4001) return this.#retry(code, reason);
    if (this.#isRejected) return this.#signOut();
    this.#isRejected = true;
    if (this.isWanted) this.#start();
    else this.#rest();
  }

  /** A socket cannot even be made, so that another attempt would be useless. */
  fail(cause: unknown): void {
    this.#refuse(new DuelcastError("REFUSED", "A WebSocket cannot be opened at this address.", { cause }));
  }

  tick(now: number): void {
    this.#now = now;
    this.deadlines.run(now);
    this.#interests.flush();
  }

  /** The page is visible, the machine is online again, or its clock has jumped. */
  wake(now: number): void {
    this.#now = now;
    if (this.state.is === "waiting") this.#start();
    else if (this.isEstablished) this.#probe(WAKE_PONG_MS);
  }

  // ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────

  send(frame: Frame): string {
    const id = this.#nextId();
    this.#actions.push({ do: "send", text: JSON.stringify({ ...frame, requestId: id }) });
    return id;
  }

  ping(): number {
    const id = Number(this.send({ type: "ping", timestamp: this.#now }));
    this.#pings.set(id, this.#now);
    return id;
  }

  #handle(frame: Frame): void {
    const { type } = frame;
    const id = text(frame.requestId);
    const channel = text(frame.channel);
    let counts = true;
    if (type === "connection_established") {
      if (this.isEstablished || text(frame.epoch) === undefined) return;
      this.#establish(frame);
    } else if (type === "auth_success") {
      if (!this.isEstablished && isRecord(frame.user)) this.#identify(text(frame.user.wallet_address));
      this.#refreshBefore(frame);
    } else if (type === "pong") {
      this.#pong(frame, id);
    } else if (type === "subscription_confirmed") {
      if (channel === undefined) return;
      this.epoch = text(frame.epoch) ?? this.epoch;
      this.#interests.confirm(frame, channel);
    } else if (type === "unsubscription_confirmed") {
      if (channel !== undefined) this.#interests.unsubscribed(frame, channel);
    } else if (id !== undefined && this.#interests.asked(id)) {
      if (isError(frame)) this.#interests.refuse(frame, id, this.#now);
      else if (channel === undefined) this.#interests.joined(frame, id);
    } else if (channel !== undefined) {
      counts = this.#interests.receive(frame, channel);
    }
    if (id !== undefined) this.#answer(frame, id);
    if (counts) this.#actions.push({ do: "deliver", frame });
  }

  #answer(frame: Frame, id: string): void {
    const request = this.#requests.get(id);
    if (request?.sent === undefined) return;
    if (!isError(frame)) {
      this.#interests.request(this.#memberships(this.#facts.joins, request.sent));
      this.#interests.release(this.#memberships(this.#facts.leaves, request.sent));
      this.#interests.replied(frame);
      this.#requests.settle(id, frame);
      return this.#want();
    }
    const error = serverError(frame);
    if (request.repeatable && request.retriesAfter(error)) {
      request.sent = undefined;
      request.waits = true;
      this.deadlines.set(`again ${id}`, this.#now + (error.retryAfterMs ?? RETRY_MS), () => {
        request.waits = false;
        if (this.isEstablished) this.#sendRequests();
      });
      return;
    }
    this.#requests.settle(id, error);
    this.#want();
  }

  /** What a command joins or leaves. */
  #memberships(templates: Readonly<Record<string, readonly string[]>> | undefined, command: Frame): Membership[] {
    if (command.type === "join_contest_room" || command.type === "leave_contest_room") {
      const isJoin = templates === this.#facts.joins;
      const contestId = number(Number(command.contestId));
      if (isJoin !== (command.type === "join_contest_room") || contestId === undefined) return [];
      return [roomMembership(contestId)];
    }
    const names = channelsOf(templates?.[command.type] ?? [], command, this.#wallet);
    return names.map((name) => channelMembership(name));
  }

  #sendRequests(): void {
    for (const request of this.#requests.unsent()) {
      const command = request.command();
      const data = JSON.stringify({ ...command, requestId: request.id });
      if (data.length * 3 > this.#maxBytes && new TextEncoder().encode(data).length > this.#maxBytes) {
        const message = `The server accepts at most ${this.#maxBytes} bytes in a message.`;
        this.#requests.settle(request.id, new DuelcastError("MESSAGE_TOO_BIG", message));
        continue;
      }
      request.sent = command;
      this.#actions.push({ do: "send", text: data });
    }
  }

  #pong(frame: Frame, id: string | undefined): void {
    const sent = this.#pings.get(Number(id));
    if (sent === undefined) return;
    this.#pings.delete(Number(id));
    const serverTime = Date.parse(text(frame.serverTime) ?? "");
    if (!Number.isNaN(serverTime)) this.#actions.push({ do: "measure", sent, received: this.#now, serverTime });
    this.#interests.settle(Number(id));
  }

  // ── the life of a connection ────────────────────────────────────────────────────────────────────────────────────

  /** Dials if something is wanted; ends the connection a while after nothing is. */
  #want(): void {
    if (this.isWanted) {
      this.deadlines.clear("idle");
      if (this.state.is === "idle") this.#start();
    } else if (!["idle", "signed_out", "refused", "closed"].includes(this.state.is)) {
      if (!this.deadlines.has("idle")) this.deadlines.set("idle", this.#now + LINGER_MS, () => this.#rest());
    }
  }

  #rest(): void {
    this.deadlines.clear("idle");
    this.#hangUp(1000);
    this.#interests.end();
    this.#become({ is: "idle" });
  }

  #start(): void {
    this.deadlines.clear("retry");
    if (this.#isHidden()) return this.#become({ is: "waiting" });
    this.#become({ is: "connecting" });
    this.#asks = true;
    this.#actions.push({ do: "ask" });
    this.deadlines.set("dial", this.#now + DIAL_MS, () => this.#drop());
  }

  #establish(frame: Frame): void {
    this.deadlines.clear("dial");
    this.epoch = text(frame.epoch) ?? this.epoch;
    this.#isRejected = false;
    this.#establishedAt = this.#now;
    this.#silenceMs = number(frame.heartbeatIntervalMs) ?? SILENCE_MS;
    this.#maxBytes = (isRecord(frame.limits) ? number(frame.limits.maxMessageBytes) : undefined) ?? Infinity;
    this.#become({ is: "open" });
    this.#refreshBefore(frame);
    this.#interests.establish(frame.positions);
    this.#sendRequests();
    this.#listen();
    this.#want();
  }

  /** The user of the connection is known. */
  #identify(wallet: string | undefined): void {
    if (wallet !== this.#wallet) this.#interests.changeUser();
    this.#wallet = wallet;
  }

  /** Asks for another token before that of a message with `expiresAt` expires. */
  #refreshBefore(frame: Frame): void {
    const remaining = Date.parse(text(frame.expiresAt) ?? "") - Date.parse(text(frame.timestamp) ?? "");
    // A provider that returns the same token again and again is asked less than once a second.
    if (!(remaining > 2000)) return this.deadlines.clear("refresh");
    this.deadlines.set("refresh", this.#now + (remaining < 120_000 ? remaining / 2 : remaining - 60_000), () => {
      this.#asks = true;
      this.#actions.push({ do: "ask" });
    });
  }

  /** Sends a ping when nothing has arrived for a while. */
  #listen(): void {
    this.deadlines.set("silence", this.#lastArrival + this.#silenceMs, (now) => {
      if (now - this.#lastArrival >= this.#silenceMs) this.#probe(PONG_MS);
      else this.#listen();
    });
  }

  #probe(withinMs: number): void {
    this.ping();
    this.deadlines.set("pong", this.#now + withinMs, () => this.#drop());
    this.deadlines.set("silence", this.#now + this.#silenceMs, () => this.#listen());
  }

  /** Gives up a connection that does not answer. */
  #drop(): void {
    this.#hangUp();
    this.#retry(1006, "");
  }

  #retry(code: number, reason: string): void {
    if (this.#establishedAt !== undefined && this.#now - this.#establishedAt >= STEADY_MS) this.#failedAttempts = 0;
    this.#establishedAt = undefined;
    if (!this.isWanted) return this.#rest();
    const delayMs = requestedDelay(code, reason) ?? backOff(this.#failedAttempts++, this.#random());
    const retryAt = this.#now + delayMs;
    this.deadlines.clear("dial");
    this.#asks = false;
    this.deadlines.set("retry", retryAt, () => this.#start());
    this.#become(this.#isHidden() ? { is: "waiting" } : { is: "waiting", retryAt });
  }

  #signOut(): void {
    const error = new DuelcastError("UNAUTHORIZED", "Sign in: this needs a token that the server accepts.");
    this.#stop({ is: "signed_out", error });
  }

  #refuse(error: DuelcastError): void {
    this.#stop({ is: "refused", error });
  }

  #stop(state: Extract<ConnectionState, { error: DuelcastError }>): void {
    this.#disconnect();
    this.#become(state);
    this.#requests.fail(state.error);
    this.#interests.disconnect(state.error);
    this.deadlines.clear("idle");
  }

  #hangUp(code?: number): void {
    if (this.#isDialled) this.#actions.push(code === undefined ? { do: "hangUp" } : { do: "hangUp", code });
    this.#disconnect();
    this.deadlines.clear("retry");
  }

  /** Whatever belongs to the connection ends with it. */
  #disconnect(): void {
    this.#isDialled = this.isOpen = this.#asks = false;
    this.#pings.clear();
    for (const name of ["dial", "silence", "pong", "refresh"]) this.deadlines.clear(name);
    this.#requests.disconnect();
    this.#interests.disconnect();
  }

  #become(state: ConnectionState): void {
    this.state = state;
    this.#actions.push({ do: "state" });
  }

  #refusal(): DuelcastError | undefined {
    if (this.state.is === "closed") return closed();
    if (this.state.is === "signed_out" || this.state.is === "refused") return this.state.error;
    if (!this.#requests.full) return undefined;
    return new DuelcastError("TOO_MANY_REQUESTS", "Too many requests of this endpoint wait for an answer.");
  }

  #nextId(): string {
    return String(++this.#ids);
  }
}

function constant<T>(value: T): () => T {
  return () => value;
}

function closed(): DuelcastError {
  return new DuelcastError("CLOSED", "The client was closed.");
}
