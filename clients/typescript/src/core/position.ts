/** A message of a channel: `seq` grows within an epoch. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/**
 * The treatment of a message: handle it, let only those handle it who do not hold it yet, drop it as a repeat, or ask for
 * the missing ones before it.
 */
export type Verdict = "handle" | "fill" | "drop" | "gap";

/**
 * The position in one channel. `NaN` stands for a number that is not known: every comparison with it is false.
 *
 * A confirmation names the position at which a snapshot or replay ends. It counts from the pong that settles the channel;
 * if the connection is lost before, the position is what it was (a replay), or unknown (a snapshot).
 */
export class ChannelPosition {
  #epoch = "";
  #seq = NaN;
  /** The last message handled on this connection, or where it begins. */
  #last = NaN;
  #replays = false;
  /** The treatment of a snapshot: all handle it; those who do not hold it yet; or nobody, as it is for others. */
  snapshot: Exclude<Verdict, "gap"> = "handle";
  #every = false;
  /** Not joined on this connection, with a gap, so that nothing counts before it is closed, not complete yet, or complete. */
  state: "none" | "gap" | "begun" | "settled" = "none";
  /** The number of the first ping whose pong settles the channel. */
  settledBy: number = Infinity;

  /** Whether a snapshot or replay is asked for or under way. */
  get isAwaited(): boolean {
    return this.state === "gap" || this.state === "begun";
  }

  /** The position from which to resume, if it is known. */
  get since(): Position | undefined {
    return Number.isNaN(this.#seq) ? undefined : { epoch: this.#epoch, seq: this.#seq };
  }

  /** A snapshot or replay begins that ends at `end`. Returns whether it is a snapshot. */
  confirm(epoch: string, end: number, recovered: unknown, every: boolean): boolean {
    const isRepeat = recovered === undefined && epoch === this.#epoch && end <= this.#seq;
    this.snapshot = isRepeat ? "fill" : "handle";
    this.#replays = isRepeat || (recovered === true && this.since !== undefined);
    if (!this.#replays) this.#seq = NaN;
    this.#last = this.#replays && every ? this.#seq : end;
    this.#epoch = epoch;
    this.#every = every;
    this.state = "begun";
    this.settledBy = 0;
    return isRepeat || !this.#replays;
  }

  /** A message arrived; those of the snapshot of an *every* channel have no `seq`. */
  receive(seq: number | undefined): Verdict {
    if (this.state === "gap") return "drop";
    if (seq === undefined || (seq <= this.#seq && this.snapshot !== "handle")) return this.snapshot;
    if (this.#every && seq <= this.#last) return "drop";
    if (this.#every && seq > this.#last + 1) return "gap";
    if (!(seq <= this.#last)) this.#last = seq;
    if (this.state === "settled" || (this.#every && this.#replays)) this.#seq = this.#last;
    return "handle";
  }

  /** The missing messages are asked for. */
  resume(): void {
    this.state = "gap";
    this.settledBy = Infinity;
  }

  /** A ping is answered: a snapshot or replay that was confirmed before is complete. */
  settle(ping: number): void {
    if (this.settledBy > ping) return;
    this.state = "settled";
    this.snapshot = "handle";
    this.#seq = this.#last;
  }

  /** The connection was lost, or the server does not let the client follow the channel. */
  disconnect(): void {
    this.state = "none";
    this.settledBy = Infinity;
    this.snapshot = "handle";
    this.#last = NaN;
  }
}
