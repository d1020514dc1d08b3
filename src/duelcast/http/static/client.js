const prices = new Map(); // symbol → newest price
const positions = new Map(); // channel → "epoch,seq" of its last message
let epoch, delayMs = 1000;

function connect() {
  const url = new URL("../api/v69/ws/market-data", location.href.replace(/^http/, "ws"));
  for (const [channel, position] of positions) url.searchParams.append("since", `${channel},${position}`);
  const socket = new WebSocket(url);
  const subscribe = () => socket.send('{"type":"SUBSCRIBE_SYMBOLS","symbols":["SOL","BTC"]}');
  socket.onopen = () => positions.size || subscribe();
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.epoch) epoch = message.epoch;
    if (message.type === "connection_established") delayMs = 1000;
    if (message.type === "symbols_subscribed") message.symbols.forEach((name) => positions.set(`market.${name}`, `${epoch},0`));
    if (message.type === "MARKET_PRICE") prices.set(message.data.symbol, message.data.price);
    if (positions.has(message.channel) && message.data) positions.set(message.channel, `${epoch},${message.seq}`);
    if (message.type === "ERROR") setTimeout(subscribe, message.retryAfterMs ?? 10000); // such as a symbol not known yet
  };
  socket.onclose = ({ code, reason }) => {
    if ([1000, 1002, 1003, 1007, 1009, 4001, 4003].includes(code)) return; // reconnecting would not help
    const waitMs = reason.match(/retry_after_ms=(\d+)/)?.[1] ?? delayMs * (0.5 + Math.random());
    delayMs = Math.min(delayMs * 2, 30000);
    setTimeout(connect, waitMs);
  };
}
connect();
