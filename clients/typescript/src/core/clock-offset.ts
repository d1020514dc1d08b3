interface Sample {
  readonly roundTripMs: number;
  readonly offsetMs: number;
}

/** The offset of the server's clock: that of the fastest among the last eight answered pings. */
export class ClockOffset {
  readonly #samples: Sample[] = [];

  /** Adds an answered ping; all times in epoch milliseconds. Returns the offset in milliseconds. */
  add(sent: number, received: number, serverTime: number): number {
    this.#samples.push({ roundTripMs: received - sent, offsetMs: serverTime - (sent + received) / 2 });
    if (this.#samples.length > 8) this.#samples.shift();
    return this.#samples.reduce((best, one) => (one.roundTripMs < best.roundTripMs ? one : best)).offsetMs;
  }
}
