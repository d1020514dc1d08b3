// Measures what the client adds to an application, minified and gzipped, and fails above the limits.

import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const everything = "export * from '@duelcast/client';";
const http = "export * from '@duelcast/client/http';";
const react = "export * from '@duelcast/client/react';";
const cases = [
  [
    "prices and a leaderboard",
    await size("export { createClient, leaderboard, market } from '@duelcast/client';"),
    8192,
  ],
  ["everything", await size(everything), 12288],
  ["what the HTTP API adds to everything", (await size(everything + http)) - (await size(everything)), 512],
  ["what React adds to everything", (await size(everything + react)) - (await size(everything)), 1536],
];

for (const [name, bytes, limit] of cases) {
  console.log(`${name}: ${bytes} bytes of ${limit}${bytes > limit ? ", which is too much" : ""}`);
}
process.exitCode = cases.some(([, bytes, limit]) => bytes > limit) ? 1 : 0;

async function size(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external: ["react"],
    write: false,
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}
