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
  /** A snapshot begins, of everything or of one channel that belongs to it: values that it does not contain end when the status is `live`. */
  begin(channel?: string): void;
  receive(frame: Frame): void;
  change(status: Status, error: DuelcastError | undefined): void;
  /** Another user is signed in: what belonged to the former one must go at once. */
  forget?(): void;
}

/** One thing that is wanted, or was a moment ago. */
export class Interest {
  /** `lingers` is the name of the deadline of a follower that does not want it any more. */
  readonly followers: Map<Follower, { lingers?: string; held: boolean }> = new Map();
  /** Whether a request of the application joined it, and none has left it. */
  requested = false;
  /** How far joining has come on this connection. */
  joining: "no" | "asked" | "joined" | "refused" = "no";

  constructor(readonly membership: Membership) {}

  get key(): string {
    return this.membership.key;
  }

  get wanted(): boolean {
    if (this.requested) return true;
    for (const { lingers } of this.followers.values()) if (lingers === undefined) return true;
    return false;
  }

  /** Whether all followers hold what a snapshot brought, so that the messages since then are enough. */
  get resumable(): boolean {
    for (const { held } of this.followers.values()) if (!held) return false;
    return this.followers.size > 0;
  }

  covers(channel: string): boolean {
    return channel === this.key || this.membership.covers?.(channel) === true;
  }

  begin(channel: string = this.key): void {
    const part = channel === this.key ? undefined : channel;
    for (const follower of this.followers.keys()) follower.begin(part);
  }

  receive(frame: Frame): void {
    for (const follower of this.followers.keys()) follower.receive(frame);
  }

  settle(): void {
    for (const [follower, state] of this.followers) {
      state.held = true;
      follower.change("live", undefined);
    }
  }

  /** The values are not complete or not current; with an `error`, what holds nothing is refused. */
  unsettle(error?: DuelcastError): void {
    for (const [follower, { held }] of this.followers) {
      follower.change(held ? "stale" : error === undefined ? "loading" : "refused", error);
    }
  }

  refuse(error: DuelcastError): void {
    this.joining = "refused";
    for (const follower of this.followers.keys()) follower.change("refused", error);
  }
}
