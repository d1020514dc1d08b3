// @vitest-environment happy-dom
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { inbox, leaderboard, market, room } from "../../src/index.js";
import { DuelcastProvider } from "../../src/react/index.js";
import { Harness, price } from "../harness.js";
import { Page } from "./page.js";
import { board, notes } from "../server.js";
import { failOnWarnings, Stage } from "./stage.js";

failOnWarnings();

const LIVE = ["SOL 150 live", "2 prices live", "Ann live", "1 members live", "2 live", "open", "0"].join("");

/** What a server sends. */
function html(): string {
  return renderToString(
    <DuelcastProvider client={new Harness().client}>
      <Page />
    </DuelcastProvider>,
  );
}

async function serve(stage: Stage): Promise<void> {
  await stage.serve("market-data", [price("SOL", 150), price("BTC", 66000)]);
  await stage.serve("contest", [board("Ann")]);
  await stage.serve("notifications", notes(3, 2));
}

test("a page of a server becomes live", async () => {
  const stage = new Stage({ token: "t1" });
  await stage.hydrate(html(), <Page />);
  await serve(stage);
  expect(stage.text).toBe(LIVE);
});

test("a page whose stores are live before it is hydrated matches what the server rendered, and then shows the values", async () => {
  const stage = new Stage({ token: "t1" });
  const { client } = stage;
  const stores = [market(client, "SOL"), market(client, "*"), leaderboard(client, 2), room(client, 2), inbox(client)];
  for (const store of stores) store.subscribe(() => undefined);
  await stage.act(() => undefined);
  await serve(stage);
  expect(market(client, "SOL").at("SOL").get()?.price).toBe(150);

  await stage.hydrate(html(), <Page />);
  expect(stage.text).toBe(LIVE);
});
