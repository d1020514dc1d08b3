import { DuelcastError } from "../errors.js";
import type { Deadlines } from "./deadlines.js";
import { isRecord, number, text, type Frame } from "./frame.js";
import { Interest, type Follower } from "./interest.js";
import { channelMembership, type Membership } from "./membership.js";
import { ChannelPosition, type Position } from "./position.js";
import { isError, serverError } from "./server-error.js";

/** After how many milliseconds what is not wanted any more is left. */
export const LINGER_MS = 5000;
const MISSING_RETRY_MS = 10_000;
const MAX_IN_SUBSCRIBE = 500;

/** What the interests need of their connection. */
export interface Wire {
  readonly deadlines: Deadlines;
  /** In epoch milliseconds. */
  readonly now: number;
  /** Whether messages can be sent. */
  readonly isOpen: boolean;
  readonly isEstablished: boolean;
  /** Whether the application wants anything of the endpoint. */
  readonly isWanted: boolean;
  epoch: string;
  /** Sends a message and returns the id that it was given. */
  send(frame: Frame): string;
  /** Sends a ping and returns its number. */
  ping(): number;
}

/** The set of what is wanted of an endpoint, and where the client is in each channel of it. */
export class Interests {
  readonly #wire: Wire;
  readonly #interests = new Map<string, Interest>();
  readonly #positions = new Map<string, ChannelPosition>();
  /** The interests that cover more channels than one. */
  #wide: Interest[] = [];
  /** What the client asked to join on this connection, by the id of the message: keys, in its order. */
  readonly #asked = new Map<string, string[]>();
  #leaving: string[] = [];
  /** The channels that the endpoint joins by itself. */
  #joinedByConnecting: string[] = [];
  #lingering = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Whether something is wanted. */
  get wanted(): boolean {
    for (const interest of this.#interests.values()) if (interest.wanted) return true;
    return false;
  }

  // ── what the application wants ──────────────────────────────────────────────────────────────────────────────────

  follow(membership: Membership, follower: Follower): void {
    const interest = this.#interestIn(membership);
    const state = interest.followers.get(follower);
    if (state !== undefined) {
      if (state.lingers !== undefined) this.#wire.deadlines.clear(state.lingers);
      delete state.lingers;
      return;
    }
    interest.followers.set(follower, { held: false });
    follower.change("loading", undefined);
    // One that is joined already is joined again, for its snapshot.
    if (interest.joining !== "asked") interest.joining = "no";
  }

  unfollow(key: string, follower: Follower): void {
    const state = this.#interests.get(key)?.followers.get(follower);
    if (state === undefined || state.lingers !== undefined) return;
    state.lingers = `linger ${++this.#lingering}`;
    this.#wire.deadlines.set(state.lingers, this.#wire.now + LINGER_MS, () => this.#drop(key, follower));
  }

  /** A request of the application joined these channels or rooms. */
  request(memberships: readonly Membership[]): void {
    for (const membership of memberships) {
      const interest = this.#interestIn(membership);
      interest.requested = true;
      if (interest.joining === "no") interest.joining = "joined";
    }
  }

  /** A request of the application left these channels or rooms: what is wanted besides is joined again. */
  release(memberships: readonly Membership[]): void {
    for (const membership of memberships) {
      const interest = this.#interests.get(membership.key);
      this.#rejoinCovered(interest ?? new Interest(membership));
      if (interest === undefined) continue;
      interest.requested = false;
      interest.joining = "no";
      if (interest.followers.size === 0) this.#forget(interest);
    }
  }

  /** Ends all interests; the connection is not needed any more. */
  end(): void {
    for (const interest of this.#interests.values()) {
      for (const [follower, { lingers }] of interest.followers) {
        if (lingers !== undefined) this.#wire.deadlines.clear(lingers);
        follower.change("idle", undefined);
      }
      this.#wire.deadlines.clear(`join ${interest.key}`);
    }
    this.#interests.clear();
    this.#positions.clear();
    this.#wide = [];
    this.#joinedByConnecting = [];
  }

  #interestIn(membership: Membership): Interest {
    const known = this.#interests.get(membership.key);
    if (known !== undefined) return known;
    const interest = new Interest(membership);
    this.#interests.set(membership.key, interest);
    if (membership.covers !== undefined) this.#wide.push(interest);
    return interest;
  }

  #drop(key: string, follower: Follower): void {
    const interest = this.#interests.get(key);
    if (interest === undefined) return;
    interest.followers.delete(follower);
    follower.change("idle", undefined);
    if (interest.followers.size > 0 || interest.requested) return;
    this.#forget(interest);
    const isJoined = interest.joining === "asked" || interest.joining === "joined";
    if (!isJoined || !this.#wire.isWanted || this.#coveredBy(key).length > 0) return;
    if (interest.membership.leave !== undefined) this.#wire.send(interest.membership.leave);
    else if (interest.membership.join === "subscribe") this.#leaving.push(key);
    else return;
    this.#rejoinCovered(interest);
  }

  #forget(interest: Interest): void {
    this.#interests.delete(interest.key);
    this.#wide = this.#wide.filter((one) => one !== interest);
    this.#wire.deadlines.clear(`join ${interest.key}`);
    for (const channel of this.#positions.keys()) {
      if (interest.covers(channel) && this.#coveredBy(channel).length === 0) this.#positions.delete(channel);
    }
  }

  /** Leaving a room or group leaves its channels too: those that are wanted besides are joined again. */
  #rejoinCovered(left: Interest): void {
    for (const other of this.#interests.values()) {
      if (other !== left && left.covers(other.key) && other.joining === "joined") other.joining = "no";
    }
  }

  // ── joining ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The positions of channels that the endpoint joins by itself, for the URL: `<channel>,<epoch>,<seq>`. */
  resumedByConnecting(): string[] {
    return this.#joinedByConnecting.flatMap((channel) => {
      const since = this.#resumedInUrl(channel);
      return since === undefined ? [] : [`${channel},${since.epoch},${since.seq}`];
    });
  }

  #resumedInUrl(channel: string): Position | undefined {
    const interests = this.#coveredBy(channel);
    return interests.length > 0 && interests.every(({ resumable }) => resumable)
      ? this.#positions.get(channel)?.since
      : undefined;
  }

  /** The socket is open: joins everything that is wanted. */
  open(): void {
    for (const channel of this.#joinedByConnecting) {
      const interest = this.#interests.get(channel);
      if (interest !== undefined && this.#resumedInUrl(channel) !== undefined) interest.joining = "asked";
    }
    for (const interest of this.#interests.values()) {
      if (interest.membership.join !== "connecting") continue;
      interest.joining = "asked";
      const channels = this.#joinedByConnecting.filter((channel) => interest.covers(channel));
      if (channels.length === 0) interest.begin();
      for (const channel of channels) if (this.#resumedInUrl(channel) === undefined) interest.begin(channel);
    }
    this.#join();
    if (this.wanted) this.#wire.ping();
  }

  /** Sends what joins and leaves since the last call have gathered. */
  flush(): void {
    if (!this.#wire.isOpen) return;
    const leaving = this.#leaving.splice(0);
    if (leaving.length > 0) this.#wire.send({ type: "unsubscribe", channels: leaving });
    if (this.#join()) this.#wire.ping();
  }

  /** Joins what is wanted and not joined yet. Returns whether anything was sent. */
  #join(): boolean {
    const channels: [key: string, since: Position | undefined][] = [];
    const commands: [key: string, command: Frame][] = [];
    for (const interest of this.#interests.values()) {
      const { key, membership } = interest;
      if (interest.joining !== "no" || !interest.wanted) continue;
      if (membership.join === "connecting") {
        if (!this.#wire.isEstablished) continue;
        interest.joining = "joined";
        channels.push(...this.#joinedByConnecting.map((one): [string, undefined] => [one, undefined]));
        continue;
      }
      const since = interest.resumable ? this.#positions.get(membership.resumes ?? key)?.since : undefined;
      interest.joining = "asked";
      if (membership.join === "subscribe") channels.push([key, since]);
      else commands.push([key, membership.join(since)]);
    }
    const isAnything = channels.length + commands.length > 0;
    while (channels.length > 0) this.#subscribe(channels.splice(0, MAX_IN_SUBSCRIBE));
    for (const [key, command] of commands) this.#asked.set(this.#wire.send(command), [key]);
    return isAnything;
  }

  #subscribe(channels: readonly [key: string, since: Position | undefined][]): void {
    const entries = channels.map(([channel, since]) => (since === undefined ? channel : { channel, since }));
    const id = this.#wire.send({ type: "subscribe", channels: entries });
    this.#asked.set(
      id,
      channels.map(([key]) => key),
    );
  }

  // ── what the server says ────────────────────────────────────────────────────────────────────────────────────────

  /** The connection is established; `positions` are those of its greeting. */
  establish(positions: unknown): void {
    this.#joinedByConnecting = isRecord(positions) ? Object.keys(positions) : [];
    for (const [channel, seq] of this.#named(positions)) {
      const position = this.#positionIn(channel);
      if (position.isConfirmed) position.extend(seq);
      else position.confirm(this.#wire.epoch, seq, false, true);
    }
    for (const interest of this.#interests.values()) {
      if (interest.membership.join === "connecting" && interest.joining === "asked") interest.joining = "joined";
    }
  }

  /** Any other message. Returns whether it counts. */
  handle(frame: Frame, id: string | undefined): boolean {
    const channel = text(frame.channel);
    const isAsked = id !== undefined && this.#asked.has(id);
    if (frame.type === "subscription_confirmed") {
      if (channel === undefined) return false;
      this.#confirm(frame, channel, id);
    } else if (frame.type === "unsubscription_confirmed") {
      if (channel !== undefined && id === undefined) this.#end(frame, channel);
    } else if (isAsked) {
      if (isError(frame)) this.#refuse(frame, id);
      else this.#joined(frame, id);
    } else if (channel !== undefined) {
      return this.#receive(frame, channel);
    }
    return true;
  }

  #confirm(frame: Frame, channel: string, id: string | undefined): void {
    this.#wire.epoch = text(frame.epoch) ?? this.#wire.epoch;
    if (id !== undefined && !this.#asked.has(id)) this.request([channelMembership(channel)]);
    const interest = this.#interests.get(channel);
    if (interest !== undefined) interest.joining = "joined";
    this.#begin(channel, number(frame.seq), frame.recovered === true, frame.kind === "every", id);
  }

  /** The reply with which a command of its own joined something. */
  #joined(frame: Frame, id: string): void {
    for (const key of this.#asked.get(id) ?? []) {
      const interest = this.#interests.get(key);
      if (interest === undefined) continue;
      interest.joining = "joined";
      this.#positionIn(key).confirm(this.#wire.epoch, undefined, false, false);
      for (const [channel, seq] of this.#named(frame.positions)) {
        this.#positionIn(channel).confirm(this.#wire.epoch, seq, frame.recovered === true, true);
      }
      interest.unsettle();
      interest.receive(frame);
    }
  }

  /** `positions` of the reply to a request of the application. */
  replied(frame: Frame): void {
    for (const [channel, seq] of this.#named(frame.positions)) {
      if (this.#positions.get(channel)?.isConfirmed !== true) {
        this.#begin(channel, seq, frame.recovered === true, true, text(frame.requestId));
      }
    }
  }

  /** An error that answers a command with which the client joined something. */
  #refuse(frame: Frame, id: string): void {
    const keys = this.#asked.get(id) ?? [];
    const index = /^channels\[(\d+)\]/.exec(text(frame.field) ?? "")?.[1];
    const error = serverError(frame);
    const isMissing = error.code === "UNKNOWN_CHANNEL" || error.code === "CONTEST_NOT_FOUND";
    const retryMs = error.retryAfterMs ?? (isMissing ? MISSING_RETRY_MS : undefined);
    for (const key of index === undefined ? keys : keys.slice(Number(index), Number(index) + 1)) {
      this.#positions.get(key)?.giveUp();
      const interest = this.#interests.get(key);
      if (interest === undefined) continue;
      interest.refuse(error);
      if (retryMs === undefined) continue;
      this.#wire.deadlines.set(`join ${key}`, this.#wire.now + retryMs, () => {
        if (interest.joining === "refused") interest.joining = "no";
      });
    }
  }

  /** The server ended a subscription. */
  #end(frame: Frame, channel: string): void {
    const error = new DuelcastError("SUBSCRIPTION_DENIED", "The rights of the user have changed.", { details: frame });
    this.#positions.delete(channel);
    this.#interests.get(channel)?.refuse(error);
  }

  /** A message of a channel. Returns whether it counts. */
  #receive(frame: Frame, channel: string): boolean {
    const position = this.#positions.get(channel);
    if (position !== undefined) {
      const verdict = position.receive(number(frame.seq));
      if (verdict === "gap") this.#resume(channel, position);
      if (verdict !== "handle") return false;
    }
    this.#interests.get(channel)?.receive(frame);
    for (const interest of this.#wide)
      if (interest.covers(channel) && interest.key !== channel) interest.receive(frame);
    return true;
  }

  /** The answer to a ping: what was confirmed before is complete. */
  settle(ping: number): void {
    for (const id of this.#asked.keys()) if (Number(id) < ping) this.#asked.delete(id);
    for (const position of this.#positions.values()) {
      if (position.isConfirmed && position.settledBy <= ping) position.settle();
    }
    for (const interest of this.#interests.values()) {
      if (interest.joining === "joined" && this.#isSettled(interest)) interest.settle();
    }
  }

  /** The connection was lost; `error` says why, if there will be no other. */
  disconnect(error?: DuelcastError): void {
    this.#asked.clear();
    this.#leaving = [];
    for (const position of this.#positions.values()) position.disconnect();
    for (const interest of this.#interests.values()) {
      interest.joining = "no";
      this.#wire.deadlines.clear(`join ${interest.key}`);
      interest.unsettle(error);
    }
  }

  /** Another user is signed in. */
  changeUser(): void {
    for (const { followers } of this.#interests.values()) for (const follower of followers.keys()) follower.forget?.();
  }

  /** Another token is set: the positions of the endpoint's own channels may be those of another user. */
  changeToken(): void {
    this.#joinedByConnecting = [];
  }

  #begin(channel: string, seq: number | undefined, recovered: boolean, every: boolean, id: string | undefined): void {
    const position = this.#positionIn(channel);
    const isSnapshot = position.confirm(this.#wire.epoch, seq, recovered, every);
    const interests = this.#coveredBy(channel);
    for (const interest of interests) {
      if (isSnapshot) interest.begin(channel);
      interest.unsettle();
    }
    // The client pings after its own commands; nobody does after those of the application and what nobody asked for.
    const isPinged = !this.#wire.isEstablished || (id !== undefined && this.#asked.has(id));
    const isFollowed = interests.some(({ followers }) => followers.size > 0);
    if (!isPinged && (isFollowed || id === undefined)) position.settledBy = this.#wire.ping();
  }

  /** Asks for the messages that are missing. */
  #resume(channel: string, position: ChannelPosition): void {
    position.resume();
    this.#subscribe([[channel, position.since]]);
    this.#wire.ping();
    for (const interest of this.#coveredBy(channel)) interest.unsettle();
  }

  #isSettled(interest: Interest): boolean {
    if (this.#positions.get(interest.key)?.settled === false) return false;
    if (interest.membership.covers === undefined) return true;
    for (const [channel, position] of this.#positions) {
      if (position.isConfirmed && !position.settled && interest.covers(channel)) return false;
    }
    return true;
  }

  #coveredBy(channel: string): Interest[] {
    const exact = this.#interests.get(channel);
    const wide = this.#wide.filter((interest) => interest !== exact && interest.covers(channel));
    return exact === undefined ? wide : [exact, ...wide];
  }

  #positionIn(channel: string): ChannelPosition {
    let position = this.#positions.get(channel);
    if (position === undefined) this.#positions.set(channel, (position = new ChannelPosition()));
    return position;
  }

  #named(positions: unknown): [channel: string, seq: number][] {
    const entries = isRecord(positions) ? Object.entries(positions) : [];
    return entries.filter((entry): entry is [string, number] => typeof entry[1] === "number");
  }
}
