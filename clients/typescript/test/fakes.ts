import type { Clock } from "../src/shell/clock.js";
import type { Page, PageEvent } from "../src/shell/page.js";
import type { WebSocketLike } from "../src/shell/socket.js";

/** A clock that moves only when a test says so, and runs timers at their exact times. */
export class ManualClock implements Clock {
  #now = Date.parse("2026-01-01T00:00:00.000Z");
  #ids = 0;
  readonly #timers = new Map<number, { at: number; run: () => void }>();

  /** How many timers wait. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  setTimeout(run: () => void, delayMs: number): unknown {
    this.#timers.set(++this.#ids, { at: this.#now + delayMs, run });
    return this.#ids;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  /** Moves the time, and runs all timers that are due; promises settle after each of them. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a.at - b.at);
      if (next === undefined || next[1].at > end) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].run();
      await settled();
    }
    this.#now = end;
  }

  /** The machine sleeps: the wall clock moves, and no timer runs. */
  jump(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers.values()) timer.at += ms;
  }

  /** The wall clock alone is set, while the timers keep their remaining times. */
  async runNextLate(lateMs: number): Promise<void> {
    const [next] = [...this.#timers].sort(([, a], [, b]) => a.at - b.at);
    if (next === undefined) throw new Error("No timer waits.");
    this.#timers.delete(next[0]);
    this.#now = next[1].at + lateMs;
    next[1].run();
    await settled();
  }
}

/** A socket of which a test is the other end. */
export class FakeSocket implements WebSocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  /** With which code the client ended it. */
  closedWith: number | undefined;

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(code?: number): void {
    this.closedWith = code ?? 1006;
  }

  opened(): void {
    this.onopen?.();
  }

  receive(...frames: unknown[]): void {
    for (const frame of frames) this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  lost(code = 1006, reason = ""): void {
    this.onclose?.({ code, reason });
  }
}

/** Sockets in the order in which they were dialled. */
export class FakeNetwork {
  readonly sockets: FakeSocket[] = [];
  readonly webSocket: new (url: string) => FakeSocket;

  constructor() {
    const { sockets } = this;
    this.webSocket = class extends FakeSocket {
      constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    };
  }

  get last(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("Nothing was dialled.");
    return socket;
  }
}

/** A page that a test hides and shows. */
export class FakePage implements Page {
  isHidden = false;
  readonly listeners = new Set<(event: PageEvent) => void>();

  listen(listener: (event: PageEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  report(event: PageEvent): void {
    if (event === "hidden") this.isHidden = true;
    if (event === "visible") this.isHidden = false;
    for (const listener of [...this.listeners]) listener(event);
  }
}

/** Waits until all promises that can settle now have done so. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
