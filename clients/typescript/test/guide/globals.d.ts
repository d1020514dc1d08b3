// The names that the blocks of the guide use without declaring them.

/** A client, and the id of a contest. */
declare const client: import("@duelcast/client").Client;
declare const contestId: number;

interface Window {
  /** The usual wallet of a browser. */
  readonly solana: {
    readonly publicKey: { toBase58(): string };
    signMessage(bytes: Uint8Array): Promise<{ readonly signature: Uint8Array }>;
  };
}
