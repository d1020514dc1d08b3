import { createClient, market, type ConnectionState } from "@duelcast/client";
import {
  DuelcastProvider,
  useConnection,
  useDuelcast,
  useLeaderboard,
  useRoom,
  useStore,
} from "@duelcast/client/react";
import { StrictMode, type FormEvent, type ReactNode } from "react";
import { createRoot } from "react-dom/client";

// In the address, `#token=…&contest=2&server=https://duelcast.example` says who is signed in and what the page shows.
const address = new URLSearchParams(location.hash.slice(1));
const client = createClient({ url: address.get("server") ?? "http://127.0.0.1:8069", token: address.get("token") });
const contestId = Number(address.get("contest") ?? 2);

function Banner(): ReactNode {
  const connection = useConnection();
  return <p role="status">{sentence(connection)}</p>;
}

function sentence(connection: ConnectionState): string {
  switch (connection.is) {
    case "waiting":
      if (connection.retryAt === undefined) return "The connection is lost.";
      return `The connection is lost. The next attempt is at ${new Date(connection.retryAt).toLocaleTimeString()}.`;
    case "signed_out":
    case "refused":
      return connection.error.message;
    default:
      return connection.is;
  }
}

/** Renders when a symbol is added, and not when a price changes. */
function Prices(): ReactNode {
  const { value: symbols } = useStore(market(useDuelcast(), "*"), (prices) => [...prices.keys()], isSame);
  return (
    <ul id="prices">
      {symbols.map((symbol) => (
        <Price key={symbol} symbol={symbol} />
      ))}
    </ul>
  );
}

function isSame(before: readonly string[], after: readonly string[]): boolean {
  return before.length === after.length && before.every((symbol, index) => symbol === after[index]);
}

function Price({ symbol }: { symbol: string }): ReactNode {
  const { value, status } = useStore(market(useDuelcast(), "*").at(symbol));
  return (
    <li style={{ opacity: status === "live" ? 1 : 0.5 }}>
      {symbol} {value?.price}
    </li>
  );
}

function Leaderboard(): ReactNode {
  const { value, status, error } = useLeaderboard(contestId);
  if (status === "refused") return <p>{error?.message}</p>;
  return (
    <ol id="leaderboard">
      {value?.entries.map((entry) => (
        <li key={entry.wallet}>
          {entry.nickname ?? entry.wallet} {entry.value}
        </li>
      ))}
    </ol>
  );
}

function Chat(): ReactNode {
  const { value, send } = useRoom(contestId);

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = event.currentTarget;
    send(String(new FormData(form).get("text"))).catch(() => undefined); // The chat shows what has failed.
    form.reset();
  }

  return (
    <>
      <ul id="chat">
        {value.chat.map((message) => (
          <li key={message.messageId ?? message.id}>
            {message.status === "sent"
              ? `${message.sender.nickname ?? message.sender.wallet}: ${message.text}`
              : `${message.text} (${message.status})`}
          </li>
        ))}
      </ul>
      <form onSubmit={submit}>
        <input name="text" aria-label="Message" autoComplete="off" required />
        <button>Send</button>
      </form>
    </>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <DuelcastProvider client={client}>
      <Banner />
      <h2>Prices</h2>
      <Prices />
      <h2>Leaderboard</h2>
      <Leaderboard />
      <h2>Chat</h2>
      <Chat />
    </DuelcastProvider>
  </StrictMode>,
);
