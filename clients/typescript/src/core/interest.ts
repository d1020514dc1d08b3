import type { DuelcastError } from "../errors.js";
import type { Frame } from "./frame.js";
import type { Membership } from "./membership.js";

/**
 * How current a value is: `idle` (nobody follows it), `loading` (nothing complete has arrived yet), `live`, `stale` (the
 * connection was lost, or a snapshot is not complete yet), or `refused` (the server does not let the client follow it).
 */
export type Status = "idle" | "loading" | "live" | "stale" | "refused";

/** Collects the messages of something that is followed. */
export interface Follower {
  /** A snapshot begins, of everything or of one channel: values that it does not contain end when the status is `live`. */
  begin(channel?: string): void;
  receive(frame: Frame): void;
  change(status: Status, error?: DuelcastError): void;
  /** Another user is signed in: what belonged to the former one must go at once. */
  forget?(): void;
}

/** A follower of an interest, as its key among the deadlines too. */
export interface Following {
  readonly follower: Follower;
  /** Whether it has not wanted the interest any more for less than the linger. */
  lingers: boolean;
  /** Whether it holds what a snapshot brought, so that the messages since then are enough. */
  holds: boolean;
}

/** One thing that is wanted, or was a moment ago. */
export class Interest {
  readonly followings: Set<Following> = new Set();
  /** Whether a request of the application joined it, and none has left it. */
  requested = false;
  /** How far joining has come on this connection. */
  joining: "no" | "asked" | "joined" | "refused" = "no";

  constructor(readonly membership: Membership) {}

  get key(): string {
    return this.membership.key;
  }

  get isWanted(): boolean {
    return this.requested || [...this.followings].some(({ lingers }) => !lingers);
  }

  get isResumable(): boolean {
    return this.followings.size > 0 && [...this.followings].every(({ holds }) => holds);
  }

  covers(channel: string): boolean {
    return channel === this.key || this.membership.covers?.(channel) === true;
  }

  /** A snapshot of everything, or of a channel that belongs to it, begins. */
  begin(channel?: string): void {
    this.each(({ follower }) => follower.begin(channel === this.key ? undefined : channel));
  }

  receive(frame: Frame): void {
    this.each(({ follower }) => follower.receive(frame));
  }

  settle(): void {
    this.each((following) => {
      following.holds = true;
      following.follower.change("live");
    });
  }

  /** The values are not complete, or not current. If `error` says that they will not be, what holds nothing is refused. */
  unsettle(error?: DuelcastError): void {
    this.each(({ follower, holds }) => follower.change(holds ? "stale" : error ? "refused" : "loading", error));
  }

  refuse(error: DuelcastError): void {
    this.joining = "refused";
    this.each(({ follower }) => follower.change("refused", error));
  }

  each(visit: (following: Following) => void): void {
    for (const following of this.followings) visit(following);
  }
}
