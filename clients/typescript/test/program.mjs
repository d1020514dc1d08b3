// A client program on this library, which tests of the whole project drive: `node program.mjs URL CONTEST TOKEN_FILE`.
// It reads commands and writes answers, one JSON object a line; `tests/clients/programs.py` describes them.

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { createClient, inbox, leaderboard, market, room } from "../dist/index.js";

const [, , url, contestId, tokenFile] = process.argv;
const write = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

function token() {
  write({ asked: true });
  return readFile(tokenFile, "utf8");
}

/** Writes the code with which it was closed. */
class ReportingWebSocket extends WebSocket {
  constructor(...options) {
    super(...options);
    this.on("close", (code) => write({ closed: code }));
  }
}

const client = createClient({ url, token, webSocket: ReportingWebSocket });
const stores = {
  prices: market(client, "*"),
  board: leaderboard(client, Number(contestId)),
  room: room(client, Number(contestId)),
  inbox: inbox(client),
};
const heard = [];
const problems = [];
let isLive = false;

/** Notes each new message of the chat, which must be newer than all earlier ones. */
function hear() {
  const ids = stores.room.get().chat.flatMap(({ id }) => (id === undefined ? [] : [id]));
  if (ids.some((id, index) => index > 0 && id <= ids[index - 1])) problems.push(`the chat is out of order: ${ids}`);
  const known = new Set(heard);
  for (const id of ids.filter((each) => !known.has(each))) {
    if (id <= (heard.at(-1) ?? 0)) problems.push(`heard ${id} after ${heard.at(-1)}`);
    heard.push(id);
  }
}

/** Writes whether the room and the inbox are complete, if that has changed. */
function lookWhetherLive() {
  const next = stores.room.status === "live" && stores.inbox.status === "live";
  if (next !== isLive) write({ live: (isLive = next) });
}

function report(number) {
  const { chat } = stores.room.get();
  const { unread, notifications } = stores.inbox.get();
  write({
    report: number,
    states: Object.fromEntries(Object.entries(client.state.get()).map(([name, { is }]) => [name, is])),
    live: isLive,
    chat: chat.map(({ id, text, status }) => [id ?? null, text, status]),
    heard,
    prices: Object.fromEntries([...stores.prices.get()].map(([symbol, { price }]) => [symbol, price])),
    board: (stores.board.get()?.entries ?? []).map(({ wallet, value }) => [wallet, value]),
    unread: unread?.count ?? null,
    notifications: notifications.map(({ id }) => id),
    problems,
  });
}

function say(text) {
  stores.room.send(text, { timeoutMs: 300_000 }).then(
    (message) => write({ said: text, id: message.data?.id ?? message.id }),
    (error) => write({ said: text, error: error.code }),
  );
}

const listeners = { prices() {}, board() {}, room: () => (hear(), lookWhetherLive()), inbox: lookWhetherLive };
const unsubscribes = Object.entries(stores).map(([name, store]) => store.subscribe(listeners[name]));
const commands = createInterface({ input: process.stdin });
commands.on("line", (line) => {
  const command = JSON.parse(line);
  if ("say" in command) say(command.say);
  else if ("report" in command) report(command.report);
  else if ("sign_in" in command) client.setToken(token);
  else if ("quit" in command) {
    for (const unsubscribe of unsubscribes) unsubscribe();
    client.close();
    commands.close();
    process.stdin.destroy();
  }
});
