/** The part of a WebSocket that the client uses. */
export interface WebSocketLike {
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  send(data: string): void;
  close(code?: number): void;
  /** Ends it without waiting for the other end, where there is such a method. */
  terminate?(): void;
}

/** A class like the browser's `WebSocket`; that of the package `ws` is one too. */
export type WebSocketClass = new (url: string) => WebSocketLike;
