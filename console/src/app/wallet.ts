import type { Wallet } from "@duelcast/client";

/** The part of a wallet extension that signing in needs, as Phantom and others offer it. */
interface Extension {
  connect(): Promise<{ publicKey: { toString(): string } }>;
  signMessage(message: Uint8Array): Promise<{ signature: Uint8Array }>;
}

/** Whether this browser has a Solana wallet. */
export function hasWallet(): boolean {
  return extension() !== undefined;
}

/** Asks the wallet of this browser for its address. */
export async function connectWallet(): Promise<Wallet> {
  const wallet = extension();
  if (!wallet) throw new Error("This browser has no Solana wallet.");
  const { publicKey } = await wallet.connect();
  return {
    address: publicKey.toString(),
    sign: async (message) => (await wallet.signMessage(message)).signature,
  };
}

function extension(): Extension | undefined {
  return (globalThis as { solana?: Extension }).solana;
}
