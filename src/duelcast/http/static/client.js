const prices = new Map(); // symbol → newest price
const positions = new Map(); // channel → seq of its last message
let epoch, delayMs = 1000;

function connect() {
  const url = new URL("../api/v69/ws/market-data", location.href.replace(/^http/, "ws"));
  for (const [channel, seq] of positions) url.searchParams.append("since", `${channel},${epoch},${seq}`);
  const socket = new WebSocket(url);
  socket.onopen = () => positions.size || socket.send('{"type":"SUBSCRIBE_SYMBOLS","symbols":["SOL","BTC"]}');
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.epoch) epoch = message.epoch;
    if (message.type === "connection_established") delayMs = 1000;
    if (message.type === "symbols_subscribed") message.symbols.forEach((name) => positions.set(`market.${name}`, 0));
    if (message.recovered === false) positions.set(message.channel, 0); // a snapshot follows
    if (message.type === "MARKET_PRICE") prices.set(message.data.symbol, message.data.price);
    if (positions.has(message.channel) && message.seq && message.data) positions.set(message.channel, message.seq);
  };
  socket.onclose = ({ code, reason }) => {
    if ([1000, 1002, 1003, 1007, 1009, 4001, 4003].includes(code)) return; // coming back would not help
    const waitMs = reason.match(/retry_after_ms=(\d+)/)?.[1] ?? delayMs * (0.5 + Math.random());
    delayMs = Math.min(delayMs * 2, 30000);
    setTimeout(connect, waitMs);
  };
}
connect();
