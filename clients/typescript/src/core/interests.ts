import type { DuelcastError } from "../errors.js";
import type { Connection } from "./connection.js";
import { emplace } from "./emplace.js";
import { isRecord, number, text, type Frame } from "./frame.js";
import { Interest, type Follower } from "./interest.js";
import { channelMembership, type Membership } from "./membership.js";
import type { Position } from "./position.js";
import { isError, serverError } from "./server-error.js";

/** The time for which a channel that is not wanted any more stays joined. */
export const LINGER_MS = 5000;
const MISSING_RETRY_MS = 10_000;
const MAX_IN_SUBSCRIBE = 500;

/** A channel or group to join, and the interest for which it is; none if it is for all to which it belongs. */
type Asked = readonly [key: string, interest?: Interest | undefined, since?: Position | undefined];

/** All that is wanted of an endpoint. */
export class Interests {
  readonly #connection: Connection;
  readonly #interests = new Map<string, Interest>();
  /** Those of the interests that more channels than one belong to. */
  #wide: readonly Interest[] = [];
  /** What the client asked to join on this connection, in the order of the message, by its id. */
  readonly #asked = new Map<string, readonly Asked[]>();
  #leaving: string[] = [];
  /** The channels that the endpoint joins by itself, and those of them that the URL resumes. */
  #connecting: readonly string[] = [];
  #resumed: string[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Whether something is wanted. */
  get areWanted(): boolean {
    for (const interest of this.#interests.values()) if (interest.isWanted(this.#connection.deadlines)) return true;
    return false;
  }

  // ── what the application wants ──────────────────────────────────────────────────────────────────────────────────

  follow(membership: Membership, follower: Follower): void {
    const interest = this.#interestIn(membership);
    this.#connection.deadlines.clear(follower);
    if (interest.followers.has(follower)) return;
    interest.add(follower);
  }

  unfollow(membership: Membership, follower: Follower): void {
    const interest = this.#interests.get(membership.key);
    if (!interest?.followers.has(follower)) return;
    this.#connection.deadlines.set(follower, this.#connection.now + LINGER_MS, () => this.#drop(interest, follower));
  }

  /** A request of the application joined these channels or rooms; those that a mere question joined are left soon. */
  request(memberships: readonly Membership[], isQuestion: boolean): void {
    for (const membership of memberships) {
      const interest = this.#interestIn(membership);
      if (interest.joining === "no") interest.joining = "joined";
      if (isQuestion) {
        const nobody = { begin: nothing, receive: nothing, change: nothing };
        interest.followers.set(nobody, true);
        this.unfollow(membership, nobody);
      } else interest.isRequested = true;
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
    this.#resumed = [];
    return this.#connecting.flatMap((channel) => {
      const [since, ...others] = this.#covering(channel).map((interest) => interest.since(channel));
      if (!since || !others.every(Boolean)) return [];
      this.#resumed.push(channel);
      return `${channel},${since.epoch},${since.seq}`;
    });
  }

  /** The socket is open: joins everything that is wanted. */
  open(): void {
    for (const interest of this.#interests.values()) {
      if (interest.membership.join === "connecting") {
        interest.joining = "asked";
        if (this.#resumed.length === 0) interest.begin(interest.key);
        for (const channel of this.#connecting) if (!this.#resumed.includes(channel)) interest.begin(channel);
      }
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
    const channels: Asked[] = [];
    const commands: [command: Frame, interest: Interest][] = [];
    for (const interest of this.#interests.values()) {
      const { key, membership } = interest;
      if (interest.joining !== "no" || !interest.isWanted(this.#connection.deadlines)) continue;
      // The URL asked for it; if the server does not resume it, a command asks again.
      if (this.#resumed.includes(key) && !this.#connection.isEstablished) continue;
      const since = interest.since(membership.resumes ?? key);
      if (membership.join === "subscribe") channels.push([key, interest, since]);
      else if (membership.join !== "connecting") commands.push([membership.join(since), interest]);
      else if (this.#connection.isEstablished)
        for (const channel of this.#connecting) channels.push([channel, interest]);
      else continue;
      interest.joining = membership.join === "connecting" ? "joined" : "asked";
    }
    const isAnything = channels.length + commands.length > 0;
    while (channels.length > 0) this.#subscribe(channels.splice(0, MAX_IN_SUBSCRIBE));
    for (const [command, interest] of commands)
      this.#asked.set(this.#connection.send(command), [[interest.key, interest]]);
    return isAnything;
  }

  #subscribe(asked: readonly Asked[]): void {
    const channels = asked.map(([channel, , since]) => (since ? { channel, since } : channel));
    this.#asked.set(this.#connection.send({ type: "subscribe", channels }), asked);
  }

  // ── what the server says ────────────────────────────────────────────────────────────────────────────────────────

  /** The connection is established; `positions` are those of its greeting. */
  establish(positions: unknown): void {
    const ends = endsOf(positions);
    this.#connecting = ends.map(([channel]) => channel);
    for (const interest of this.#interests.values()) {
      if (interest.membership.join !== "connecting" || interest.joining !== "asked") continue;
      interest.joining = "joined";
      for (const [channel, end] of ends) {
        const position = interest.position(channel);
        if (position.state === "none") position.confirm(this.#connection.epoch, end, false, true);
      }
    }
  }

  /** Any message that is not about the connection itself. Returns whether it counts. */
  handle(frame: Frame, id: string | undefined): boolean {
    const { type } = frame;
    const channel = text(frame.channel);
    const asked = id === undefined ? undefined : this.#asked.get(id);
    if (type === "subscription_confirmed") {
      if (channel === undefined) return false;
      if (id !== undefined && !asked) this.request([channelMembership(channel)], false);
      this.#connection.epoch = text(frame.epoch) ?? this.#connection.epoch;
      const asking = asked?.find(([key]) => key === channel)?.[1];
      this.#begin(channel, number(frame.seq) ?? NaN, frame, frame.kind === "every", asking);
      // The client pings after its own commands; nobody does after those of the application, or after an unexpected one.
      const followed = this.#covering(channel).filter(({ followers }) => followers.size > 0);
      if (asked || !this.#connection.isEstablished || followed.length === 0) return true;
      const ping = this.#connection.ping();
      for (const interest of followed) interest.position(channel).settledBy = ping;
    } else if (type === "unsubscription_confirmed") {
      // The rights of the user have changed.
      if (channel && !id) this.#refuse(channel, serverError({ code: "SUBSCRIPTION_DENIED", ...frame }));
      else if (channel && !asked) this.release([channelMembership(channel)]);
    } else if (asked) {
      if (isError(frame)) this.#refused(frame, asked);
      else for (const [, interest] of asked) if (interest) this.#joined(frame, interest);
    } else if (channel !== undefined) return this.#receive(frame, channel);
    return true;
  }

  /** A ping is answered: the snapshots and replays that were confirmed before are complete. */
  settle(ping: number): void {
    for (const id of this.#asked.keys()) if (Number(id) < ping) this.#asked.delete(id);
    for (const interest of this.#interests.values()) interest.settle(ping);
  }

  /** The connection was lost; `error` says why, if there will be no other. */
  disconnect(error?: DuelcastError): void {
    this.#asked.clear();
    this.#leaving = [];
    for (const interest of this.#interests.values()) {
      interest.disconnect(error);
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

  /** A snapshot or replay of a channel begins: for the interest that asked for it, or for all if none did. */
  #begin(channel: string, end: number, { recovered }: Frame, every: boolean, asking?: Interest): void {
    for (const interest of this.#covering(channel)) {
      if (asking && interest !== asking) interest.pass(channel);
      else interest.confirm(channel, this.#connection.epoch, end, recovered, every);
    }
  }

  /** A command of its own has joined a room. */
  #joined(frame: Frame, interest: Interest): void {
    const { key, membership } = interest;
    const ends = endsOf({ [key]: NaN, [membership.resumes ?? key]: NaN, ...(frame.positions as object) });
    for (const [channel, end] of ends) this.#begin(channel, end, frame, true, interest);
    interest.receive(frame, key);
  }

  /** An error answers a command with which the client joined something. */
  #refused(frame: Frame, asked: readonly Asked[]): void {
    const one = asked[Number(/^channels\[(\d+)\]/.exec(String(frame.field))?.[1])];
    const error = serverError(frame);
    const mayPass = error.code === "UNKNOWN_CHANNEL" || error.code === "CONTEST_NOT_FOUND";
    for (const [key, interest] of one ? [one] : asked) {
      // Without an interest, messages of a channel that is followed are missing.
      this.#refuse(key, error, error.retryAfterMs ?? (mayPass || !interest ? MISSING_RETRY_MS : Infinity));
    }
  }

  #refuse(key: string, error: DuelcastError, retryMs: number = Infinity): void {
    for (const interest of this.#covering(key)) interest.position(key).disconnect();
    const interest = this.#interests.get(key);
    if (!interest) return;
    interest.refuse(error);
    this.#connection.deadlines.set(interest, this.#connection.now + retryMs, () => {
      if (interest.joining === "refused") interest.joining = "no";
    });
  }

  /** A message of a channel. Returns whether it counts. */
  #receive(frame: Frame, channel: string): boolean {
    const covering = this.#covering(channel);
    let counts = covering.length === 0;
    for (const interest of covering) {
      const verdict = interest.receive(frame, channel);
      if (verdict === "gap") this.#resume(channel, interest.position(channel).since);
      else if (verdict !== "drop") counts = true;
    }
    return counts;
  }

  /** Asks for the messages of a channel that are missing since a position. */
  #resume(channel: string, since: Position | undefined): void {
    for (const interest of this.#covering(channel)) {
      interest.position(channel).resume();
      interest.unsettle();
    }
    this.#subscribe([[channel, undefined, since]]);
    this.#connection.ping();
  }

  /** The interests to which a channel belongs. */
  #covering(channel: string): Interest[] {
    const exact = this.#interests.get(channel);
    const wide = this.#wide.filter((interest) => interest !== exact && interest.covers(channel));
    return exact ? [exact, ...wide] : wide;
  }
}

/** The channels that `positions` names, and where their snapshots or replays end. */
function endsOf(positions: unknown): [channel: string, end: number][] {
  return Object.entries(isRecord(positions) ? positions : {}).map(([channel, seq]) => [channel, number(seq) ?? NaN]);
}

function nothing(): void {
  // Nobody is interested.
}
