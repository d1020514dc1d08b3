// Runs a block of the guide: `node run.mjs BLOCK URL TOKEN CONTEST`. `tests/guides/test_typescript.py` does so.

import { generateKeyPairSync, sign } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { createClient } from "@duelcast/client";
import { transform } from "esbuild";
import { WebSocket } from "ws";

const [, , block, url, token, contestId] = process.argv;
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const address = publicKey.export({ format: "der", type: "spki" }).subarray(-32);

globalThis.WebSocket ??= WebSocket; // Node.js 20 has none
Object.assign(globalThis, {
  client: createClient({ url, token }),
  contestId: Number(contestId),
  window: {
    solana: {
      publicKey: { toBase58: () => base58(address) },
      signMessage: async (bytes) => ({ signature: sign(null, bytes, privateKey) }),
    },
  },
});

const program = `${block}.mjs`;
const { code } = await transform(await readFile(block, "utf8"), { loader: "ts", target: "es2022" });
await writeFile(program, code);
try {
  await import(pathToFileURL(program));
} finally {
  await rm(program);
}
console.log("The block was run.");

function base58(bytes) {
  const digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  let [rest, text] = [BigInt(`0x${bytes.toString("hex")}`), ""];
  for (; rest > 0n; rest /= 58n) text = digits[Number(rest % 58n)] + text;
  return "1".repeat(bytes.findIndex((byte) => byte !== 0)) + text;
}
