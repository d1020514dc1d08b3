import type { ReactNode } from "react";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { DuelcastProvider, usePrice } from "../../src/react/index.js";
import { Harness } from "../harness.js";
import { Page } from "./page.js";
import { failOnWarnings } from "./stage.js";

failOnWarnings();

test("a server renders what is shown while nothing has arrived, and dials nothing", async () => {
  const { client, network, clock, page } = new Harness({ token: "t1" });
  const html = renderToString(
    <DuelcastProvider client={client}>
      <Page />
    </DuelcastProvider>,
  );
  await clock.advance(60_000);

  expect(html.replaceAll("<!-- -->", "")).toBe(
    "<p>SOL – loading</p><p>0 prices loading</p><p>no leaderboard loading</p><p>0 members loading</p><p>no count loading</p><p>idle</p><p>unknown</p>",
  );
  expect(network.sockets).toEqual([]);
  expect(clock.timers).toBe(0);
  expect(page.listeners.size).toBe(0);
});

test("a hook outside a provider says so", () => {
  function Price(): ReactNode {
    return usePrice("SOL").status;
  }
  expect(() => renderToString(<Price />)).toThrow("This component is not inside a DuelcastProvider.");
});
