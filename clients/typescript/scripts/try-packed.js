// Uses the built package as a stranger does: packs it, installs it with npm into a copy of each example, and builds that.
// The copies are in the folder that an argument names, or else in one that is removed at the end.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const project = fileURLToPath(new URL("..", import.meta.url));
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), "duelcast-"));

function npm(cwd, ...parameters) {
  return execFileSync("npm", [...parameters, "--no-audit", "--no-fund"], { cwd, encoding: "utf8", stdio: "pipe" });
}

try {
  const [{ filename }] = JSON.parse(npm(project, "pack", "--json", "--ignore-scripts", "--pack-destination", folder));
  const entries = readdirSync(join(project, "examples"), { withFileTypes: true });
  for (const { name: example } of entries.filter((entry) => entry.isDirectory())) {
    const copy = join(folder, example);
    const isSource = (path) => !["dist", "node_modules"].includes(basename(path));
    cpSync(join(project, "examples", example), copy, { recursive: true, filter: isSource });
    npm(copy, "install", join(folder, filename));
    npm(copy, "run", "build");
    const assets = join(copy, "dist", "assets");
    const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
    if (scripts.length !== 1) throw new Error(`${example} was built into ${scripts.length} scripts.`);
    const script = readFileSync(join(assets, scripts[0]));
    if (!script.includes("/api/v69/ws/")) throw new Error(`The script of ${example} does not contain the client.`);
    console.log(`${example}: ${script.length} bytes, ${gzipSync(script, { level: 9 }).length} gzipped`);
  }
} catch (error) {
  // npm and the tools that it runs print some errors to stdout.
  console.error(`${error.message}\n${error.stdout ?? ""}`);
  process.exitCode = 1;
} finally {
  if (process.argv[2] === undefined) rmSync(folder, { recursive: true });
}
