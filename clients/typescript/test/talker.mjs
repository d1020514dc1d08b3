// A WebSocket by `ws`, or by Node's own undici if `native` is given: `node talker.mjs URL [native]`. It sends each line of
// its standard input, and writes each message as a line, after a line with the extensions that it has negotiated.
// `tests/clients/talking_programs.py` drives it.

import { createInterface } from "node:readline";
import { WebSocket as Ws } from "ws";

const [, , url, kind] = process.argv;
const socket = kind === "native" ? new WebSocket(url) : new Ws(url);
socket.onopen = () => {
  process.stdout.write(`${socket.extensions}\n`);
  createInterface(process.stdin)
    .on("line", (line) => socket.send(line))
    .on("close", () => socket.close());
};
socket.onmessage = ({ data }) => process.stdout.write(`${data}\n`);
socket.onerror = (event) => {
  console.error(event.message ?? "the connection failed");
  process.exitCode = 1;
};
