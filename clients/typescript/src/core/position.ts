/** A message of a channel: `seq` grows within an epoch. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/** What to do with a message: handle it, ignore it as a repeat, or ask for those that are missing before it. */
export type Verdict = "handle" | "drop" | "gap";

/**
 * Where a client is in one channel.
 *
 * A confirmation names the position at which a snapshot or replay ends. It counts from the pong that settles the channel;
 * if the connection is lost before, the position is what it was (a replay), or unknown (a snapshot).
 */
export class ChannelPosition {
  #epoch = "";
  /** The position, if it is known. */
  #seq: number | undefined;
  /** The last message handled on this connection, or where it begins. */
  #last: number | undefined;
  /** Where the snapshot or replay under way ends. */
  #end: number | undefined;
  #replays = false;
  #every = false;
  /** Whether all that is missing has been asked for, so that nothing counts before the confirmation. */
  #resuming = false;
  /** Whether the server has confirmed the channel on this connection. */
  isConfirmed = false;
  settled = false;
  /** The number of the first ping whose pong settles the channel. */
  settledBy = 0;

  /** The position from which to resume. */
  get since(): Position | undefined {
    return this.#seq === undefined ? undefined : { epoch: this.#epoch, seq: this.#seq };
  }

  /** A snapshot or replay begins. `seq` is undefined for a group. Returns whether it is a snapshot. */
  confirm(epoch: string, seq: number | undefined, recovered: boolean, every: boolean): boolean {
    this.#replays = recovered && this.#seq !== undefined;
    if (!this.#replays) this.#seq = undefined;
    this.#last = this.#replays ? this.#seq : seq;
    this.#end = seq;
    this.#epoch = epoch;
    this.#every = every;
    this.#resuming = this.settled = false;
    this.isConfirmed = true;
    this.settledBy = 0;
    return !this.#replays;
  }

  /** The position that a greeting names again, for a channel that was confirmed before it. */
  extend(seq: number): void {
    this.#end = Math.max(this.#end ?? seq, seq);
  }

  /** A message arrived; snapshots of *every* channels have no `seq`. */
  receive(seq: number | undefined): Verdict {
    if (this.#resuming) return "drop";
    if (seq === undefined) return "handle";
    if (this.#every && this.#last !== undefined) {
      if (seq <= this.#last) return "drop";
      if (seq > this.#last + 1) return "gap";
    }
    if (this.#last === undefined || seq > this.#last) this.#last = seq;
    if (this.settled || (this.#every && this.#replays)) this.#seq = this.#last;
    return "handle";
  }

  /** What is missing is asked for. */
  resume(): void {
    this.#resuming = true;
    this.settled = this.isConfirmed = false;
  }

  /** Asking for what is missing was refused: the channel goes on from here. */
  giveUp(): void {
    this.#resuming = false;
    this.#last = undefined;
  }

  /** The snapshot or replay is complete. */
  settle(): void {
    this.settled = true;
    if (this.#end !== undefined) this.#seq = Math.max(this.#end, this.#last ?? this.#end);
  }

  /** The connection was lost. */
  disconnect(): void {
    this.settled = this.#resuming = this.isConfirmed = false;
    this.#end = this.#last = undefined;
  }
}
