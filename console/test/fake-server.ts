import { vi } from "vitest";

/** A message of either side. */
export type Message = Readonly<Record<string, unknown>>;

/** The server's end of the sockets of a page, to which it says what a test wants. */
export class FakeServer {
  /** The epoch of its database. */
  epoch = "a";
  /** The wallet of the user of each new connection. */
  wallet = "ann";
  /** Answers a command; by default only the pings are answered. */
  answer: (command: Message) => readonly Message[] = () => [];
  readonly #open = new Set<FakeSocket>();

  constructor() {
    vi.stubGlobal("WebSocket", socketsTo(this));
  }

  greet(socket: FakeSocket): void {
    this.#open.add(socket);
    const user = { wallet_address: this.wallet, role: "user", nickname: null };
    const positions = { "user.ann": 0, "system.announcements": 0 };
    socket.say({ type: "connection_established", user, epoch: this.epoch, positions, heartbeatIntervalMs: 1e6 });
  }

  handle(socket: FakeSocket, { requestId, ...command }: Message): void {
    if (command.type === "ping") socket.say({ type: "pong", requestId, serverTime: new Date().toISOString() });
    else for (const one of this.answer(command)) socket.say({ ...one, requestId });
  }

  /** Ends all connections, as a crash does. */
  crash(): void {
    for (const socket of this.#open) socket.onclose?.({ code: 1006, reason: "" });
    this.#open.clear();
  }
}

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly #server: FakeServer;

  constructor(
    readonly url: string,
    server: FakeServer,
  ) {
    this.#server = server;
    queueMicrotask(() => {
      this.onopen?.();
      server.greet(this);
    });
  }

  say(message: Message): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  send(text: string): void {
    queueMicrotask(() => this.#server.handle(this, JSON.parse(text) as Message));
  }

  close(): void {
    this.onclose = null;
  }
}

/** What stands for the browser's `WebSocket`. */
function socketsTo(server: FakeServer): new (url: string) => FakeSocket {
  return class extends FakeSocket {
    constructor(url: string) {
      super(url, server);
    }
  };
}
