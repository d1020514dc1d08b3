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

  constructor(readonly membership: Membership) {}

  get key(): string {
    return this.membership.key;
  }

  get isResumable(): boolean {
    return this.followers.size > 0 && [...this.followers.values()].every(Boolean);
  }

  /** Whether a follower wants it that does not only linger. */
  isWanted(lingers: (follower: Follower) => boolean): boolean {
    return this.isRequested || [...this.followers.keys()].some((follower) => !lingers(follower));
  }

  covers(channel: string): boolean {
    return channel === this.key || this.membership.covers?.(channel) === true;
  }

  /** A snapshot of everything, or of a channel that belongs to it, begins. */
  begin(channel?: string): void {
    for (const follower of this.followers.keys()) follower.begin(channel === this.key ? undefined : channel);
  }

  receive(frame: Frame): void {
    for (const follower of this.followers.keys()) follower.receive(frame);
  }

  settle(): void {
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
}
