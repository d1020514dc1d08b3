import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "vitest";
import { runTrace, type Trace } from "./trace.js";

const folder = new URL("../../traces/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));

describe("the client follows every trace", () => {
  for (const file of files) {
    const trace = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Trace;
    test(`${trace.name}: ${trace.about}`, () => runTrace(trace));
  }
});
