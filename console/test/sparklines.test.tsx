import { inbox } from "@duelcast/client";
import { act } from "react";
import { createRoot } from "react-dom/client";
import { expect, test, vi } from "vitest";
import { FakeServer } from "./fake-server";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
vi.useFakeTimers();

const QUARTER_MS = 15 * 60_000;

test("the lines that are shown are asked for together, again each quarter of an hour, and after a lost connection", async () => {
  const server = new FakeServer();
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (address: string) => {
    const symbols = new URL(address).searchParams.get("symbols")!;
    asked.push(symbols);
    return Response.json({ data: symbols.split(",").map((symbol) => ({ symbol, prices: [asked.length] })) });
  });
  const { client } = await import("../src/app/session");
  const { useSparkline } = await import("../src/data/sparklines");
  const Line = ({ of }: { of: string }): string => `${of} ${useSparkline(of).join()};`;
  const page = document.createElement("div");
  const root = createRoot(page);
  const pass = (ms: number): Promise<void> => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));

  const unsubscribe = inbox(client).subscribe(() => undefined);
  await act(async () =>
    root.render(
      <>
        <Line of="SOL" />
        <Line of="BTC" />
      </>,
    ),
  );
  await pass(1000);
  expect(asked).toEqual(["SOL,BTC"]);
  expect(page.textContent).toBe("SOL 1;BTC 1;");
  await pass(QUARTER_MS);
  expect(asked).toEqual(["SOL,BTC", "SOL,BTC"]);
  expect(page.textContent).toBe("SOL 2;BTC 2;");
  server.crash();
  await pass(QUARTER_MS / 2);
  expect(asked).toHaveLength(3);
  expect(page.textContent).toBe("SOL 3;BTC 3;");

  unsubscribe();
  await act(async () => root.unmount());
});
