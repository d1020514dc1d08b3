// Measures what a market message costs, from its text to a listener, without a socket: 300 symbols, 10,000 messages in a
// second, listeners called sixty times. Prints it beside a bare JSON.parse of the same texts, and fails above the goal.

import { createClient, market } from "@duelcast/client";

const [SYMBOLS, MESSAGES, FRAMES, ROUNDS, GOAL_US] = [300, 10_000, 60, 15, 20];
const MOST_TIMES_PARSING = 10;

let socket;
class Socket {
  constructor() {
    socket = this;
  }
  send() {}
  close() {}
}

let flush;
const client = createClient({ url: "http://localhost", webSocket: Socket, schedule: (run) => (flush = run) });
const prices = market(client, "*");
let calls = 0;
prices.subscribe(() => undefined);
for (let i = 0; i < SYMBOLS; i++) prices.at(`S${i}`).subscribe(() => (calls += 1));
await new Promise((resolve) => setImmediate(resolve));
socket.onopen();
const receive = (message) => socket.onmessage({ data: JSON.stringify(message) });
receive({ type: "connection_established", epoch: "E", positions: {}, timestamp: new Date().toISOString() });
receive({ type: "subscription_confirmed", channel: "market.*", kind: "latest", epoch: "E", seq: null, requestId: "1" });
receive({ type: "pong", requestId: "2", serverTime: new Date().toISOString() });

const texts = Array.from({ length: MESSAGES }, (_, i) => {
  const symbol = `S${i % SYMBOLS}`;
  const timestamp = "2026-01-01T00:00:00.000Z";
  const price = { symbol, price: 100 + i / 100, change_24h: 1.25, volume_24h: 1e6, high_24h: 160, low_24h: 90 };
  const data = { ...price, timestamp, source: "simulated", stale: false };
  return JSON.stringify({ type: "MARKET_PRICE", data, timestamp, channel: `market.${symbol}`, seq: i + 1 });
});

function measure(work) {
  const start = performance.now();
  work();
  return ((performance.now() - start) * 1000) / MESSAGES;
}

const parse = () => {
  for (const text of texts) JSON.parse(text);
};
const store = () => {
  for (const [index, data] of texts.entries()) {
    socket.onmessage({ data });
    if (index % Math.ceil(MESSAGES / FRAMES) === 0) flush();
  }
  flush();
};

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const [parsed, stored] = [[], []];
for (let round = 0; round < ROUNDS; round++) {
  parsed.push(measure(parse));
  stored.push(measure(store));
}
client.close();
if (calls === 0 || prices.at("S0").get() === undefined) throw new Error("Nothing was stored.");
const costUs = median(stored);
console.log(`JSON.parse alone: ${median(parsed).toFixed(2)} µs a message`);
console.log(`decoded, stored and shown to listeners: ${costUs.toFixed(2)} µs a message (goal: ${GOAL_US})`);
// On a machine that is slow or busy, the cost may be higher, but not in comparison.
process.exitCode = costUs > GOAL_US && costUs > MOST_TIMES_PARSING * median(parsed) ? 1 : 0;
