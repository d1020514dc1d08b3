import { createClient, leaderboard, market, room } from "@duelcast/client";

// In the address, `#token=…&contest=2&server=https://duelcast.example` says who is signed in and what the page shows.
const address = new URLSearchParams(location.hash.slice(1));
const client = createClient({ url: address.get("server") ?? "http://127.0.0.1:8069", token: address.get("token") });
const contest = Number(address.get("contest") ?? 2);
const [prices, board, here] = [market(client, "*"), leaderboard(client, contest), room(client, contest)];

function show<T>(id: string, items: Iterable<T>, line: (item: T) => string): void {
  document.getElementById(id)!.textContent = Array.from(items, line).join("\n");
}

client.state.subscribe(() => show("connection", [client.state.get().contest], ({ is }) => is));
prices.subscribe(() => show("prices", prices.get().values(), ({ symbol, price }) => `${symbol} ${price}`));
board.subscribe(() => show("leaderboard", board.get()?.entries ?? [], ({ wallet, value }) => `${wallet} ${value}`));
here.subscribe(() =>
  show("chat", here.get().chat, ({ text, status }) => (status === "sent" ? text : `${text} (${status})`)),
);

const form = document.querySelector("form")!;
form.onsubmit = (event) => {
  event.preventDefault();
  here.send(form.querySelector("input")!.value).catch(() => undefined); // The chat shows what has failed.
  form.reset();
};
