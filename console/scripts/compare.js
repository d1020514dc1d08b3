// Builds the console anew, and fails if the server's package contains other files. Compressed copies are compared by what
// they contain, because versions of Node.js compress differently.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { build } from "vite";

const BUILT = new URL("../../src/duelcast/http/console/", import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), "console-"));
try {
  await build({ build: { outDir: folder }, logLevel: "warn" });
  const [present, anew] = [await contents(BUILT), await contents(folder)];
  const names = new Set([...present.keys(), ...anew.keys()]);
  const stale = [...names].filter((name) => !present.get(name)?.equals(anew.get(name) ?? Buffer.alloc(0)));
  for (const name of stale.sort()) console.error(`stale: ${name}`);
  if (stale.length > 0) console.error("Run `make console`, and commit the files.");
  process.exitCode = stale.length > 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true });
}

async function contents(root) {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const files = found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  return new Map(
    await Promise.all(files.map(async (path) => [path.slice(root.length).replace(/^\//, ""), await content(path)])),
  );
}

async function content(path) {
  const bytes = await readFile(path);
  return path.endsWith(".br") ? brotliDecompressSync(bytes) : bytes;
}
