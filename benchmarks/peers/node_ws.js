"use strict";

// The peer on Node's `ws`: node_ws.js [--per-client] [--deflate [--no-takeover]] PORT INTERVAL_MS DUE SYMBOL,SYMBOL,…
// With --per-client, a message is stringified anew for each client, as naive code does. With --deflate, messages are
// compressed with the defaults of the library, but whatever their size; with --no-takeover, each by itself.

const { parseArgs } = require("node:util");
const { WebSocket, WebSocketServer } = require("ws");

const LOW = 149.1;
const HIGH = 159.9;
const YESTERDAY = 152.5;

const { values: options, positionals } = parseArgs({
  options: {
    "per-client": { type: "boolean", default: false },
    deflate: { type: "boolean", default: false },
    "no-takeover": { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const perClient = options["per-client"];
const [port, intervalMs, due] = positionals.slice(0, 3).map(Number);
const symbols = positionals[3].split(",");

const followers = new Map(symbols.map((symbol) => [symbol, new Set()]));
const numbers = new Map(symbols.map((symbol) => [symbol, 0]));

// The backlog: many clients connect at once, and the libraries' defaults differ.
const server = new WebSocketServer({
  host: "127.0.0.1",
  port,
  backlog: 2048,
  perMessageDeflate: options.deflate && { threshold: 0, serverNoContextTakeover: options["no-takeover"] },
});

server.on("connection", (client) => {
  client.on("message", (data, isBinary) => {
    if (isBinary) return;
    const wanted = wantedSymbols(data);
    if (wanted === null) {
      client.send(data, { binary: false });
      return;
    }
    client.send(JSON.stringify({ type: "symbols_subscribed", symbols: wanted, unknown: [] }));
    for (const symbol of wanted.includes("*") ? symbols : wanted) followers.get(symbol)?.add(client);
  });
  client.on("close", () => {
    for (const clients of followers.values()) clients.delete(client);
  });
  // Without this listener, an error of one client would end the process. "close" follows each error.
  client.on("error", () => {});
});

server.on("listening", () => {
  console.log("listening");
  if (due > 0) publish();
});

// The symbols that the message `data` subscribes to; null if it is not a subscription.
function wantedSymbols(data) {
  if (!data.includes("SUBSCRIBE_SYMBOLS")) return null;
  let command;
  try {
    command = JSON.parse(data);
  } catch {
    return null;
  }
  return command?.type === "SUBSCRIBE_SYMBOLS" && Array.isArray(command.symbols) ? command.symbols : null;
}

function publish() {
  const start = performance.now();
  let interval = 0;
  let next = 0;

  function schedule() {
    const elapsed = performance.now() - start;
    // Missed intervals are skipped, and not made up for in a burst.
    interval = Math.max(interval + 1, Math.floor(elapsed / intervalMs));
    // Timers drop fractions of milliseconds, so without `ceil` they would fire too early.
    setTimeout(tick, Math.max(0, Math.ceil(interval * intervalMs - elapsed)));
  }

  function tick() {
    for (let count = 0; count < due; count++) {
      const symbol = symbols[next];
      next = (next + 1) % symbols.length;
      broadcast(followers.get(symbol), nextMessage(symbol));
    }
    schedule();
  }

  schedule();
}

function broadcast(clients, message) {
  const data = perClient ? null : Buffer.from(JSON.stringify(message));
  for (const client of clients) {
    if (client.readyState !== WebSocket.OPEN) continue;
    if (perClient) {
      client.send(JSON.stringify(message));
    } else {
      client.send(data, { binary: false });
    }
  }
}

function nextMessage(symbol) {
  const number = numbers.get(symbol) + 1;
  numbers.set(symbol, number);
  const price = round(LOW + Math.random() * (HIGH - LOW), 4);
  const now = new Date().toISOString();
  return {
    type: "MARKET_PRICE",
    data: {
      symbol,
      price,
      change_24h: round((price / YESTERDAY - 1) * 100, 2),
      volume_24h: null,
      high_24h: HIGH,
      low_24h: LOW,
      timestamp: now,
      source: "simulated",
      stale: false,
    },
    timestamp: now,
    channel: `market.${symbol}`,
    seq: number,
  };
}

function round(value, digits) {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
