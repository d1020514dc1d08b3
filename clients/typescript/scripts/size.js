// Measures what the client adds to an application, minified and gzipped, and fails above the limits.

import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const cases = [
  ["prices and a leaderboard", "export { createClient, leaderboard, market } from '@duelcast/client';", 8192],
  ["everything", "export * from '@duelcast/client';", 12288],
];

let isTooBig = false;
for (const [name, contents, limit] of cases) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  isTooBig ||= bytes > limit;
  console.log(`${name}: ${bytes} bytes of ${limit}${bytes > limit ? ", which is too much" : ""}`);
}
process.exitCode = isTooBig ? 1 : 0;
