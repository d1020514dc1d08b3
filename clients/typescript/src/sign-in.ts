import type { NewToken } from "./generated/http.js";
import { call } from "./shell/fetching.js";

/** A Solana wallet. */
export interface Wallet {
  /** The address in base58. */
  readonly address: string;
  /** Signs bytes with Ed25519; resolves with the 64 bytes of the signature. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

const DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/**
 * Signs in: the wallet signs a message of the server, which costs nothing and moves nothing.
 *
 * Resolves with the token, its expiry and the user. Rejects with a `DuelcastError`, or with what `wallet.sign` throws.
 */
export async function signIn(url: string, wallet: Wallet): Promise<NewToken> {
  const { challengeId, message } = (await post(url, "challenge", { wallet: wallet.address })) as Readonly<{
    challengeId: string;
    message: string;
  }>;
  const signature = base58(await wallet.sign(new TextEncoder().encode(message)));
  return (await post(url, "verify", { challengeId, wallet: wallet.address, signature })) as NewToken;
}

/** Exchanges a token that has not expired for another one, up to seven days after the sign-in. */
export async function refresh(url: string, token: string): Promise<NewToken> {
  return (await post(url, "refresh", undefined, token)) as NewToken;
}

/** Ends the validity of a token, and of all others of the same sign-in. */
export async function logout(url: string, token: string): Promise<void> {
  await post(url, "logout", undefined, token);
}

function post(url: string, name: string, body: unknown, token?: string): Promise<unknown> {
  return call("POST", `${url.replace(/\/+$/, "")}/api/v69/auth/${name}`, { body, token });
}

/** Bytes in base58: the digits of the number that they are, and a `1` for each zero byte at the beginning. */
export function base58(bytes: Uint8Array): string {
  let rest = 0n;
  for (const byte of bytes) rest = (rest << 8n) | BigInt(byte);
  let digits = "";
  for (; rest > 0n; rest /= 58n) digits = DIGITS.charAt(Number(rest % 58n)) + digits;
  for (let zeros = 0; bytes[zeros] === 0; zeros++) digits = `1${digits}`;
  return digits;
}
