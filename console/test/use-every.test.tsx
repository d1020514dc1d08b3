import { act } from "react";
import { createRoot } from "react-dom/client";
import { expect, test, vi } from "vitest";
import { isConnected } from "../src/data/connected";
import { useEvery } from "../src/data/use-every";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
vi.useFakeTimers();

const call = vi.fn();

function Caller({ intervalMs }: { intervalMs: number | undefined }): null {
  useEvery(intervalMs, call);
  return null;
}

test("calls after each interval, but neither without one, nor while the connection is lost", async () => {
  const root = createRoot(document.createElement("div"));
  const show = (intervalMs?: number): Promise<void> => act(async () => root.render(<Caller intervalMs={intervalMs} />));
  await show(1000);
  vi.advanceTimersByTime(2500);
  expect(call).toHaveBeenCalledTimes(2);
  isConnected.set(false);
  vi.advanceTimersByTime(5000);
  expect(call).toHaveBeenCalledTimes(2);
  isConnected.set(true);
  vi.advanceTimersByTime(1000);
  expect(call).toHaveBeenCalledTimes(3);
  await show();
  vi.advanceTimersByTime(5000);
  expect(call).toHaveBeenCalledTimes(3);
  await act(async () => root.unmount());
});
