import { inbox } from "@duelcast/client";
import { act, StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { expect, test, vi } from "vitest";
import type { Reading } from "../src/data/reading";
import { FakeServer } from "./fake-server";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
vi.useFakeTimers();

test("a reading is stale while the connection is lost or it fails, and is read again when the connection is back", async () => {
  const server = new FakeServer();
  let answers = 0;
  let isDown = false;
  vi.stubGlobal("fetch", async () => {
    if (isDown) throw new TypeError("Failed to fetch");
    return Response.json({ data: [++answers] });
  });
  const { client } = await import("../src/app/session");
  const { useReading } = await import("../src/data/reading");
  let shown: Reading<unknown> | undefined;

  function Reader(): null {
    const reading = useReading("GET /api/v69/settings", {});
    useEffect(() => {
      shown = reading;
    });
    return null;
  }

  async function pass(ms: number): Promise<void> {
    await act(async () => void (await vi.advanceTimersByTimeAsync(ms)));
  }

  const unsubscribe = inbox(client).subscribe(() => undefined);
  const root = createRoot(document.createElement("div"));
  await act(async () =>
    root.render(
      <StrictMode>
        <Reader />
      </StrictMode>,
    ),
  );
  await pass(1000);
  expect(shown).toMatchObject({ status: "live", error: undefined });
  const [before, at] = [answers, shown?.at];

  isDown = true;
  server.crash();
  await pass(10);
  expect(shown).toMatchObject({ status: "stale", error: undefined, at, value: { data: [before] } });
  isDown = false;
  await pass(60_000);
  expect(shown).toMatchObject({ status: "live", value: { data: [before + 1] } });

  isDown = true;
  await act(async () => shown?.again());
  await pass(10);
  expect(shown).toMatchObject({ status: "stale", error: { code: "NETWORK_ERROR" }, value: { data: [before + 1] } });

  unsubscribe();
  await act(async () => root.unmount());
});

test("a reading is read again so long after each answer, and not while an answer is awaited", async () => {
  const answers: ((answer: Response) => void)[] = [];
  vi.stubGlobal("fetch", () => new Promise<Response>((answer) => answers.push(answer)));
  const { useReading } = await import("../src/data/reading");

  function Reader(): null {
    useReading("GET /api/v69/settings", {}, 1000);
    return null;
  }

  async function pass(ms: number): Promise<void> {
    await act(async () => void (await vi.advanceTimersByTimeAsync(ms)));
  }

  const root = createRoot(document.createElement("div"));
  await act(async () => root.render(<Reader />));
  await pass(5000);
  expect(answers).toHaveLength(1);
  await act(async () => answers[0]!(Response.json({})));
  await pass(0);
  await pass(999);
  expect(answers).toHaveLength(1);
  await pass(1);
  expect(answers).toHaveLength(2);
  await act(async () => root.unmount());
});
