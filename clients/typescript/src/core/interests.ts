import type { DuelcastError } from "../errors.js";
import type { Connection } from "./connection.js";
import { emplace } from "./emplace.js";
import { isRecord, number, text, type Frame } from "./frame.js";
import { Interest, type Follower } from "./interest.js";
import { channelMembership, type Membership } from "./membership.js";
import { ChannelPosition, type Position } from "./position.js";
import { isError, serverError } from "./server-error.js";

/** The time for which a channel that is not wanted any more stays joined. */
export const LINGER_MS = 5000;
const MISSING_RETRY_MS = 10_000;
const MAX_IN_SUBSCRIBE = 500;

/** All that is wanted of an endpoint, and the position of the client in each channel. */
export class Interests {
  readonly #connection: Connection;
  readonly #interests = new Map<string, Interest>();
  /** Those of the interests that more channels than one belong to. */
  #wide: readonly Interest[] = [];
  readonly #positions = new Map<string, ChannelPosition>();
  /** The keys that the client asked to join on this connection, in the order of the message, by its id. */
  readonly #asked = new Map<string, readonly string[]>();
  #leaving: string[] = [];
  /** The channels that the endpoint joins by itself, and those of them that the URL resumes. */
  #connecting: readonly string[] = [];
  #resumed: readonly string[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Whether something is wanted. */
  get areWanted(): boolean {
    for (const interest of this.#interests.values()) if (this.#isWanted(interest)) return true;
    return false;
  }

  // ── what the application wants ──────────────────────────────────────────────────────────────────────────────────

  follow(membership: Membership, follower: Follower): void {
    const interest = this.#interestIn(membership);
    this.#connection.deadlines.clear(follower);
    if (interest.followers.has(follower)) return;
    interest.followers.set(follower, false);
    follower.change("loading");
    // One that is joined already is joined again, for its snapshot.
    if (interest.joining !== "asked") interest.joining = "no";
  }

  unfollow(membership: Membership, follower: Follower): void {
    const interest = this.#interests.get(membership.key);
    if (!interest?.followers.has(follower)) return;
    this.#connection.deadlines.set(follower, this.#connection.now + LINGER_MS, () => this.#drop(interest, follower));
  }

  /** A request of the application joined these channels or rooms. */
  request(memberships: readonly Membership[]): void {
    for (const membership of memberships) {
      const interest = this.#interestIn(membership);
      interest.isRequested = true;
      if (interest.joining === "no") interest.joining = "joined";
    }
  }

  /** A request of the application asked for something, and thereby joined these channels, which nobody wants to follow. */
  glance(memberships: readonly Membership[]): void {
    for (const membership of memberships) {
      const interest = this.#interestIn(membership);
      const nobody = { begin: nothing, receive: nothing, change: nothing };
      interest.followers.set(nobody, true);
      if (interest.joining === "no") interest.joining = "joined";
      this.unfollow(membership, nobody);
    }
  }

  /** A request of the application left these channels or rooms: those that are still wanted are joined again. */
  release(memberships: readonly Membership[]): void {
    for (const membership of memberships) {
      const interest = this.#interestIn(membership);
      interest.isRequested = false;
      interest.joining = "no";
      if (interest.followers.size === 0) this.#forget(interest);
      this.#rejoinCovered(interest);
    }
  }

  /** Ends all interests; the connection is not needed any more. */
  end(): void {
    for (const interest of this.#interests.values()) {
      for (const follower of interest.followers.keys()) follower.change("idle");
      this.#connection.deadlines.clear(interest, ...interest.followers.keys());
    }
    this.#interests.clear();
    this.#positions.clear();
    this.#wide = this.#connecting = [];
  }

  #interestIn(membership: Membership): Interest {
    return emplace(this.#interests, membership.key, () => {
      const interest = new Interest(membership);
      if (membership.covers) this.#wide = [...this.#wide, interest];
      return interest;
    });
  }

  #drop(interest: Interest, follower: Follower): void {
    const { key, membership, joining } = interest;
    interest.followers.delete(follower);
    follower.change("idle");
    if (interest.followers.size > 0 || interest.isRequested) return;
    this.#forget(interest);
    const isJoined = joining === "asked" || joining === "joined";
    if (!isJoined || !this.#connection.isWanted || this.#covering(key).length > 0) return;
    if (membership.leave) this.#connection.send(membership.leave);
    else if (membership.join === "subscribe") this.#leaving.push(key);
    else return;
    this.#rejoinCovered(interest);
  }

  #forget(interest: Interest): void {
    this.#interests.delete(interest.key);
    this.#wide = this.#wide.filter((one) => one !== interest);
    this.#connection.deadlines.clear(interest);
    for (const channel of this.#positions.keys()) {
      if (this.#covering(channel).length === 0) this.#positions.delete(channel);
    }
  }

  /** Leaving a room or group leaves its channels too: those that are still wanted are joined again. */
  #rejoinCovered(left: Interest): void {
    for (const other of this.#interests.values()) {
      if (left.covers(other.key) && other.joining === "joined") other.joining = "no";
    }
  }

  // ── joining ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The positions of the channels that the endpoint joins by itself, for the URL: `<channel>,<epoch>,<seq>`. */
  resume(): string[] {
    this.#resumed = this.#connecting.filter((channel) => {
      const covering = this.#covering(channel);
      return covering.length > 0 && covering.every(({ isResumable }) => isResumable) && this.#positionIn(channel).since;
    });
    return this.#resumed.map((channel) => `${channel},${this.#positionIn(channel)}`);
  }

  /** The socket is open: joins everything that is wanted. */
  open(): void {
    for (const interest of this.#interests.values()) {
      if (interest.membership.join === "connecting") {
        interest.joining = "asked";
        if (this.#resumed.length === 0) interest.begin();
        for (const channel of this.#connecting) if (!this.#resumed.includes(channel)) interest.begin(channel);
      } else if (this.#resumed.includes(interest.key)) interest.joining = "asked";
    }
    this.#join();
    if (this.areWanted) this.#connection.ping();
  }

  /** Sends the joins and leaves that have gathered since the last call. */
  flush(): void {
    if (!this.#connection.isOpen) return;
    const channels = this.#leaving.splice(0);
    if (channels.length > 0) this.#asked.set(this.#connection.send({ type: "unsubscribe", channels }), []);
    if (this.#join()) this.#connection.ping();
  }

  /** Joins all that is wanted and not joined yet. Returns whether anything was sent. */
  #join(): boolean {
    const channels: [key: string, since?: Position | undefined][] = [];
    const commands: [key: string, command: Frame][] = [];
    for (const interest of this.#interests.values()) {
      const { key, membership } = interest;
      if (interest.joining !== "no" || !this.#isWanted(interest)) continue;
      const since = interest.isResumable ? this.#positions.get(membership.resumes ?? key)?.since : undefined;
      if (membership.join === "subscribe") channels.push([key, since]);
      else if (membership.join !== "connecting") commands.push([key, membership.join(since)]);
      else if (this.#connection.isEstablished) for (const channel of this.#connecting) channels.push([channel]);
      else continue;
      interest.joining = membership.join === "connecting" ? "joined" : "asked";
    }
    const isAnything = channels.length + commands.length > 0;
    while (channels.length > 0) this.#subscribe(channels.splice(0, MAX_IN_SUBSCRIBE));
    for (const [key, command] of commands) this.#asked.set(this.#connection.send(command), [key]);
    return isAnything;
  }

  #subscribe(entries: readonly [key: string, since?: Position | undefined][]): void {
    const channels = entries.map(([channel, since]) => (since ? { channel, since } : channel));
    const keys = entries.map(([key]) => key);
    this.#asked.set(this.#connection.send({ type: "subscribe", channels }), keys);
  }

  // ── what the server says ────────────────────────────────────────────────────────────────────────────────────────

  /** The connection is established; `positions` are those of its greeting. */
  establish(positions: unknown): void {
    const ends = endsOf(positions);
    this.#connecting = ends.map(([channel]) => channel);
    for (const [channel, end] of ends) {
      if (!this.#positionIn(channel).isConfirmed) this.#confirm(channel, end, false, true);
    }
    for (const interest of this.#interests.values()) {
      if (interest.membership.join === "connecting" && interest.joining === "asked") interest.joining = "joined";
    }
  }

  /** Any message that is not about the connection itself. Returns whether it counts. */
  handle(frame: Frame, id: string | undefined): boolean {
    const { type } = frame;
    const channel = text(frame.channel);
    const keys = id === undefined ? undefined : this.#asked.get(id);
    if (type === "subscription_confirmed") {
      if (channel === undefined) return false;
      if (id !== undefined && !keys) this.request([channelMembership(channel)]);
      this.#connection.epoch = text(frame.epoch) ?? this.#connection.epoch;
      const interest = this.#interests.get(channel);
      if (interest) interest.joining = "joined";
      this.#begin(channel, number(frame.seq) ?? NaN, frame, frame.kind === "every");
    } else if (type === "unsubscription_confirmed") {
      // The rights of the user have changed.
      if (channel && !id) this.#refuse(channel, serverError({ code: "SUBSCRIPTION_DENIED", ...frame }));
      else if (channel && !keys) this.release([channelMembership(channel)]);
    } else if (keys) {
      if (isError(frame)) this.#refused(frame, keys);
      else for (const key of keys) this.#joined(frame, key);
    } else if (channel !== undefined) return this.#receive(frame, channel);
    return true;
  }

  /** A ping is answered: the snapshots and replays that were confirmed before are complete. */
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
      interest.unsettle(error);
      this.#connection.deadlines.clear(interest);
    }
  }

  /** Another user is signed in. */
  changeUser(): void {
    for (const { followers } of this.#interests.values()) for (const follower of followers.keys()) follower.forget?.();
  }

  /** Another token is set: the positions of the endpoint's own channels may be those of another user. */
  changeToken(): void {
    this.#connecting = [];
  }

  /** A snapshot or replay of a channel begins. */
  #begin(channel: string, end: number, { recovered, requestId }: Frame, every: boolean): void {
    const isSnapshot = this.#confirm(channel, end, recovered === true, every);
    const covering = this.#covering(channel);
    for (const interest of covering) {
      if (isSnapshot) interest.begin(channel);
      interest.unsettle();
    }
    // The client pings after its own commands; nobody does after those of the application, or after an unexpected one.
    const isPinged = !this.#connection.isEstablished || this.#asked.has(String(requestId));
    const isFollowed = covering.some(({ followers }) => followers.size > 0);
    if (!isPinged && (isFollowed || requestId === undefined))
      this.#positionIn(channel).settledBy = this.#connection.ping();
  }

  #confirm(channel: string, end: number, recovered: boolean, every: boolean): boolean {
    return this.#positionIn(channel).confirm(this.#connection.epoch, end, recovered, every);
  }

  /** A command of its own has joined something. */
  #joined(frame: Frame, key: string): void {
    const interest = this.#interests.get(key);
    if (!interest) return;
    interest.joining = "joined";
    this.#confirm(key, NaN, false, false);
    for (const [channel, end] of endsOf(frame.positions)) this.#confirm(channel, end, frame.recovered === true, true);
    interest.unsettle();
    interest.receive(frame);
  }

  /** An error answers a command with which the client joined something. */
  #refused(frame: Frame, keys: readonly string[]): void {
    const index = /^channels\[(\d+)\]/.exec(String(frame.field))?.[1];
    const error = serverError(frame);
    const isMissing = error.code === "UNKNOWN_CHANNEL" || error.code === "CONTEST_NOT_FOUND";
    const retryMs = error.retryAfterMs ?? (isMissing ? MISSING_RETRY_MS : Infinity);
    for (const key of index ? keys.slice(Number(index), Number(index) + 1) : keys) this.#refuse(key, error, retryMs);
  }

  #refuse(key: string, error: DuelcastError, retryMs: number = Infinity): void {
    this.#positions.get(key)?.disconnect();
    const interest = this.#interests.get(key);
    if (!interest) return;
    interest.refuse(error);
    if (retryMs === Infinity) return;
    this.#connection.deadlines.set(interest, this.#connection.now + retryMs, () => {
      if (interest.joining === "refused") interest.joining = "no";
    });
  }

  /** A message of a channel. Returns whether it counts. */
  #receive(frame: Frame, channel: string): boolean {
    const position = this.#positions.get(channel);
    const verdict = position?.receive(number(frame.seq));
    if (position && verdict === "gap") {
      position.resume();
      this.#subscribe([[channel, position.since]]);
      this.#connection.ping();
      for (const interest of this.#covering(channel)) interest.unsettle();
    }
    if (position && verdict !== "handle") return false;
    for (const interest of this.#covering(channel)) interest.receive(frame);
    return true;
  }

  #isSettled(interest: Interest): boolean {
    if (this.#positions.get(interest.key)?.isSettled === false) return false;
    if (!interest.membership.covers) return true;
    for (const [channel, { isConfirmed, isSettled }] of this.#positions) {
      if (isConfirmed && !isSettled && interest.covers(channel)) return false;
    }
    return true;
  }

  #isWanted(interest: Interest): boolean {
    return interest.isWanted((follower) => this.#connection.deadlines.has(follower));
  }

  /** The interests to which a channel belongs. */
  #covering(channel: string): Interest[] {
    const exact = this.#interests.get(channel);
    const wide = this.#wide.filter((interest) => interest !== exact && interest.covers(channel));
    return exact ? [exact, ...wide] : wide;
  }

  #positionIn(channel: string): ChannelPosition {
    return emplace(this.#positions, channel, () => new ChannelPosition());
  }
}

/** The channels that `positions` names, and where their snapshots or replays end. */
function endsOf(positions: unknown): [channel: string, end: number][] {
  return Object.entries(isRecord(positions) ? positions : {}).map(([channel, seq]) => [channel, number(seq) ?? NaN]);
}

function nothing(): void {
  // Nobody is interested.
}
