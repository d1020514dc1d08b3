import { createClient, type Client, type ClientOptions } from "../src/index.js";
import { FakeNetwork, FakePage, ManualClock, settled, type FakeSocket } from "./fakes.js";

/** A client whose server, clock, page and frames are in the hands of a test. */
export class Harness {
  readonly clock: ManualClock = new ManualClock();
  readonly network: FakeNetwork = new FakeNetwork();
  readonly page: FakePage = new FakePage();
  readonly client: Client;
  #frame: (() => void) | undefined;

  constructor(options: Partial<ClientOptions> = {}) {
    this.client = createClient({
      url: "http://duelcast.test",
      webSocket: this.network.webSocket,
      clock: this.clock,
      page: this.page,
      random: () => 0.5,
      schedule: (run) => (this.#frame = run),
      ...options,
    });
  }

  get socket(): FakeSocket {
    return this.network.last;
  }

  /** Shows a frame: all changes since the last one are published. */
  async frame(): Promise<void> {
    await settled();
    const run = this.#frame;
    this.#frame = undefined;
    run?.();
  }

  /** Opens and establishes the connection that was dialled last, and answers the ping that ends its opening. */
  async establish(frames: readonly object[] = []): Promise<void> {
    await settled();
    this.socket.opened();
    this.socket.receive({ type: "connection_established", epoch: "E1", positions: {}, timestamp: this.now });
    await this.answer(frames);
  }

  /** Answers the last subscription and ping: confirmations with snapshots, then `frames`, then the pong. */
  async answer(frames: readonly object[] = []): Promise<void> {
    await settled();
    const subscribe = this.#last("subscribe");
    for (const entry of (subscribe?.channels as (string | { channel: string })[] | undefined) ?? []) {
      const { channel, recovered } =
        typeof entry === "string" ? { channel: entry } : { channel: entry.channel, recovered: false };
      const confirmed = { type: "subscription_confirmed", channel, kind: "latest", epoch: "E1", seq: 1, recovered };
      this.socket.receive({ ...confirmed, requestId: subscribe?.requestId });
    }
    this.socket.receive(...frames);
    const ping = this.#last("ping");
    if (ping) this.socket.receive({ type: "pong", serverTime: this.now, requestId: ping.requestId });
    await this.frame();
  }

  #last(type: string): Record<string, unknown> | undefined {
    return this.socket.sent.filter((message) => message.type === type).at(-1);
  }

  get now(): string {
    return new Date(this.clock.now()).toISOString();
  }
}

/** A price of a symbol as the server publishes it. */
export function price(symbol: string, value: number, seq = 2): object {
  return { type: "MARKET_PRICE", data: { symbol, price: value }, channel: `market.${symbol}`, seq };
}
