// Measures what a page loads, gzipped, and fails above the limits: the first JavaScript (the scripts that the page names,
// and what they import at once), all JavaScript, and the styles.

import { readdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const BUILT = new URL("../../src/duelcast/http/console/", import.meta.url);
const html = await readFile(new URL("index.html", BUILT), "utf8");
const sizes = new Map();
for (const name of await readdir(new URL("assets/", BUILT))) {
  if (/\.(?:js|css)$/.test(name))
    sizes.set(name, gzipSync(await readFile(new URL(`assets/${name}`, BUILT)), { level: 9 }).length);
}
const first = [...sizes.keys()].filter((name) => name.endsWith(".js") && html.includes(name));
const cases = [
  ["first JavaScript", sum(first), 120 * 1024],
  ["all JavaScript", sum([...sizes.keys()].filter((name) => name.endsWith(".js"))), 170 * 1024],
  ["styles", sum([...sizes.keys()].filter((name) => name.endsWith(".css"))), 14 * 1024],
];
for (const [name, bytes, limit] of cases) {
  console.log(`${name}: ${bytes} bytes of ${limit}${bytes > limit ? ", which is too much" : ""}`);
}
process.exitCode = cases.some(([, bytes, limit]) => bytes > limit) ? 1 : 0;

function sum(names) {
  return names.reduce((total, name) => total + sizes.get(name), 0);
}
