import type { DuelcastError } from "../errors.js";
import type { Deadlines } from "./deadlines.js";
import { emplace } from "./emplace.js";
import { number, type Frame } from "./frame.js";
import type { Membership } from "./membership.js";
import { ChannelPosition, type Position, type Verdict } from "./position.js";

/**
 * How current a value is: `idle` (nobody follows it), `loading` (nothing complete has arrived yet), `live`, `stale` (the
 * connection was lost, or a snapshot is not complete yet), or `refused` (the server does not let the client follow it).
 */
export type Status = "idle" | "loading" | "live" | "stale" | "refused";

/** Collects the messages of something that is followed. */
export interface Follower {
  /** A snapshot of a channel or group begins: values that it does not contain end when the status is `live`. */
  begin(channel: string): void;
  receive(frame: Frame): void;
  change(status: Status, error?: DuelcastError): void;
  /** Another user is signed in: the values of the former one must go at once. */
  forget?(): void;
}

/** One thing that is wanted, or was a moment ago. */
export class Interest {
  /** Whether each follower holds the values of a snapshot, so that the messages since then are enough. */
  readonly followers: Map<Follower, boolean> = new Map();
  /** Whether a request of the application joined it, and none has left it. */
  isRequested = false;
  /** How far joining has come on this connection. */
  joining: "no" | "asked" | "joined" | "refused" = "no";
  /** The followers whose snapshot has not begun. */
  readonly #new = new Set<Follower>();
  readonly #positions = new Map<string, ChannelPosition>();

  constructor(readonly membership: Membership) {}

  get key(): string {
    return this.membership.key;
  }

  /** Whether a follower wants it that does not only linger. */
  isWanted(deadlines: Deadlines): boolean {
    return this.isRequested || [...this.followers.keys()].some((follower) => !deadlines.has(follower));
  }

  covers(channel: string): boolean {
    return channel === this.key || this.membership.covers?.(channel) === true;
  }

  position(channel: string): ChannelPosition {
    return emplace(this.#positions, channel, () => new ChannelPosition());
  }

  /** The position from which a channel is resumed; none if a follower needs the snapshot. */
  since(channel: string): Position | undefined {
    const isComplete = this.followers.size > 0 && [...this.followers.values()].every(Boolean);
    return isComplete ? this.position(channel).since : undefined;
  }

  add(follower: Follower): void {
    this.followers.set(follower, false);
    this.#new.add(follower);
    follower.change("loading");
    // One that is joined already is joined again, for its snapshot.
    if (this.joining !== "asked") this.joining = "no";
  }

  /** A snapshot of a channel that belongs to it, or of everything, begins. */
  begin(channel: string): void {
    this.#new.clear();
    for (const follower of this.followers.keys()) follower.begin(channel);
  }

  /** A snapshot or replay of a channel begins, as `parts` say. */
  confirm(channel: string, ...parts: Parameters<ChannelPosition["confirm"]>): void {
    const position = this.position(channel);
    const isSnapshot = position.confirm(...parts);
    if (channel === this.key) this.joining = "joined";
    this.#new.clear();
    for (const [follower, holds] of this.followers) {
      if (holds && position.snapshot === "fill") continue;
      if (isSnapshot) follower.begin(channel);
      follower.change(holds ? "stale" : "loading");
    }
  }

  /** A snapshot of a channel begins that others asked for. */
  pass(channel: string): void {
    const position = this.#positions.get(channel);
    if (position) position.snapshot = "drop";
  }

  /** A message of a channel. Returns how it was treated. */
  receive(frame: Frame, channel: string): Verdict {
    const verdict = this.#positions.get(channel)?.receive(number(frame.seq)) ?? "handle";
    for (const [follower, holds] of this.followers) {
      const isMeant = verdict === "handle" || (verdict === "fill" && !holds);
      if (isMeant && !this.#new.has(follower)) follower.receive(frame);
    }
    return verdict;
  }

  /** A ping is answered: the snapshots and replays that were confirmed before are complete. */
  settle(ping: number): void {
    let isSettled = this.joining === "joined";
    for (const position of this.#positions.values()) {
      position.settle(ping);
      isSettled &&= !position.isAwaited;
    }
    if (!isSettled) return;
    for (const follower of this.followers.keys()) {
      this.followers.set(follower, true);
      follower.change("live");
    }
  }

  /** The values are not complete, or not current. If `error` says that they will not be, followers without values are refused. */
  unsettle(error?: DuelcastError): void {
    for (const [follower, holds] of this.followers) {
      follower.change(holds ? "stale" : error ? "refused" : "loading", error);
    }
  }

  refuse(error: DuelcastError): void {
    this.joining = "refused";
    for (const follower of this.followers.keys()) follower.change("refused", error);
  }

  disconnect(error?: DuelcastError): void {
    this.joining = "no";
    for (const position of this.#positions.values()) position.disconnect();
    this.unsettle(error);
  }
}
