import { act, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { expect, test, vi } from "vitest";
import { useWhenBack } from "../src/data/when-back";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

type Status = Parameters<typeof useWhenBack>[0];

function Follower({ status, back }: { status: Status; back: (was: Status) => void }): null {
  useWhenBack(status, back);
  return null;
}

test("tells once when data are live again, and what they were", async () => {
  const calls: Status[] = [];
  const root = createRoot(document.createElement("div"));
  for (const status of ["loading", "live", "live", "stale", "live"] as const) {
    await act(async () =>
      root.render(
        <StrictMode>
          <Follower status={status} back={(was) => calls.push(was)} />
        </StrictMode>,
      ),
    );
  }
  await act(async () => root.unmount());
  expect(calls).toEqual(["loading", "stale"]);
});
