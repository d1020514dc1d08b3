import { act, StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { expect, test, vi } from "vitest";
import { useModeration, type Moderation } from "../../src/views/contest/room/moderation";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
vi.useFakeTimers();

const REFRESH_MS = 15_000;

let shown: Moderation | undefined;

function Room({ isAdmin }: { isAdmin: boolean }): null {
  const [moderation] = useModeration(2, isAdmin);
  useEffect(() => {
    shown = moderation;
  });
  return null;
}

test("what admins do in a room is the same object until somebody else is muted, which is looked for again and again", async () => {
  let muted = ["bob"];
  const read = vi.fn(async () => Response.json({ id: 2, muted }));
  vi.stubGlobal("fetch", read);
  const root = createRoot(document.createElement("div"));
  const pass = (ms: number): Promise<void> => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));
  async function show(isAdmin: boolean): Promise<void> {
    await act(async () =>
      root.render(
        <StrictMode>
          <Room isAdmin={isAdmin} />
        </StrictMode>,
      ),
    );
    await pass(10);
  }

  await show(false);
  expect(shown).toBeUndefined();
  expect(read).not.toHaveBeenCalled();

  await show(true);
  expect(shown?.isMuted("bob")).toBe(true);
  const before = shown;
  await show(true);
  await pass(REFRESH_MS);
  expect(shown).toBe(before);

  muted = ["cat"];
  await pass(REFRESH_MS);
  expect([shown?.isMuted("bob"), shown?.isMuted("cat")]).toEqual([false, true]);
  await act(async () => root.unmount());
});
