import { inbox } from "@duelcast/client";
import { expect, test, vi } from "vitest";
import { FakeServer } from "./fake-server";

test("an era lasts through lost connections, until the server has another database", async () => {
  vi.useFakeTimers();
  const server = new FakeServer();
  const { era } = await import("../src/data/era");
  const { client } = await import("../src/app/session");
  const lives = (): boolean => client.state.get().notifications.is === "open";
  inbox(client).subscribe(() => undefined);

  async function reconnect(): Promise<void> {
    server.crash();
    await vi.waitFor(() => expect(lives()).toBe(false));
    await vi.waitFor(() => expect(lives()).toBe(true), { timeout: 60_000, interval: 500 });
  }

  await vi.waitFor(() => expect(lives()).toBe(true));
  expect(era.get()).toBe(0);
  await reconnect();
  expect(era.get()).toBe(0);
  server.epoch = "b";
  await reconnect();
  expect(era.get()).toBe(1);
});
