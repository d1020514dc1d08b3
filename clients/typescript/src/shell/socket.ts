/** The part of a WebSocket that the client uses. */
export interface WebSocketLike {
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  send(data: string): void;
  close(code?: number): void;
}

/** A class like the browser's `WebSocket`; that of the package `ws` is one too. */
export type WebSocketClass = new (url: string) => WebSocketLike;

/** What a socket reports. */
export interface SocketEvents {
  opened(): void;
  received(text: string): void;
  lost(code: number, reason: string): void;
}

/** One WebSocket that reports nothing after its end, whoever ended it. */
export class Socket {
  readonly #socket: WebSocketLike;

  /** Dials; throws what the constructor of `webSocket` throws. */
  constructor(webSocket: WebSocketClass, url: string, events: SocketEvents) {
    const socket = new webSocket(url);
    this.#socket = socket;
    socket.onopen = () => events.opened();
    socket.onmessage = ({ data }: { data: unknown }) => {
      if (typeof data === "string") events.received(data);
    };
    socket.onclose = ({ code, reason }: { code: number; reason: unknown }) => {
      this.#detach();
      events.lost(code, String(reason));
    };
    // `close` follows. Without a handler an error that `ws` reports after the end would stop the process.
    socket.onerror = () => undefined;
  }

  send(text: string): void {
    try {
      this.#socket.send(text);
    } catch {
      // It is closing: `close` follows.
    }
  }

  /** Ends it; without a code because the other end does not answer any more. */
  end(code: number | undefined): void {
    this.#detach();
    const socket: WebSocketLike & { terminate?: () => void } = this.#socket;
    if (code === undefined && socket.terminate !== undefined) socket.terminate();
    else socket.close(code);
  }

  #detach(): void {
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
  }
}
