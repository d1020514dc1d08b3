/** A message of a channel: `seq` grows within an epoch. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/** The treatment of a message: handle it, drop it as a repeat, or ask for the missing ones before it. */
export type Verdict = "handle" | "drop" | "gap";

/**
 * The position of a client in one channel. `NaN` stands for a number that is not known: every comparison with it is false.
 *
 * A confirmation names the position at which a snapshot or replay ends. It counts from the pong that settles the channel;
 * if the connection is lost before, the position is what it was (a replay), or unknown (a snapshot).
 */
export class ChannelPosition {
  #epoch = "";
  #seq = NaN;
  /** The last message handled on this connection, or where it begins. */
  #last = NaN;
  /** The end of the snapshot or replay under way. */
  #end = NaN;
  #replays = false;
  #every = false;
  /** Whether missing messages have been asked for, so that nothing counts before the confirmation. */
  #resumes = false;
  /** Whether the server has confirmed the channel on this connection. */
  isConfirmed = false;
  isSettled = false;
  /** The number of the first ping whose pong settles the channel. */
  settledBy = 0;

  /** The position from which to resume, if it is known. */
  get since(): Position | undefined {
    return Number.isNaN(this.#seq) ? undefined : { epoch: this.#epoch, seq: this.#seq };
  }

  /** The position in a URL. */
  toString(): string {
    return `${this.#epoch},${this.#seq}`;
  }

  /** A snapshot or replay begins that ends at `end`. Returns whether it is a snapshot. */
  confirm(epoch: string, end: number, recovered: boolean, every: boolean): boolean {
    this.#replays = recovered && this.since !== undefined;
    if (!this.#replays) this.#seq = NaN;
    this.#last = this.#replays ? this.#seq : end;
    this.#end = end;
    this.#epoch = epoch;
    this.#every = every;
    this.#resumes = this.isSettled = false;
    this.isConfirmed = true;
    this.settledBy = 0;
    return !this.#replays;
  }

  /** A message arrived; those of the snapshot of an *every* channel have no `seq`. */
  receive(seq: number | undefined): Verdict {
    if (this.#resumes) return "drop";
    if (seq === undefined) return "handle";
    if (this.#every && seq <= this.#last) return "drop";
    if (this.#every && seq > this.#last + 1) return "gap";
    if (!(seq <= this.#last)) this.#last = seq;
    if (this.isSettled || (this.#every && this.#replays)) this.#seq = this.#last;
    return "handle";
  }

  /** The missing messages are asked for. */
  resume(): void {
    this.#resumes = true;
    this.isSettled = this.isConfirmed = false;
  }

  /** The snapshot or replay is complete. */
  settle(): void {
    this.isSettled = true;
    this.#seq = Math.max(this.#end, this.#last);
  }

  /** The connection was lost, or the server does not let the client follow the channel. */
  disconnect(): void {
    this.#resumes = this.isSettled = this.isConfirmed = false;
    this.#last = NaN;
  }
}
