import { act } from "react";
import { createRoot } from "react-dom/client";
import { expect, test, vi } from "vitest";
import { Button } from "../src/parts/button";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

test("a button that is off keeps the focus, and neither does anything nor submits its form", async () => {
  const [press, submit] = [vi.fn(), vi.fn((event: Event) => event.preventDefault())];
  const page = document.body.appendChild(document.createElement("div"));
  page.addEventListener("submit", submit);
  const root = createRoot(page);
  const show = (isOff: boolean): Promise<void> =>
    act(async () =>
      root.render(
        <form>
          <Button isOff={isOff} onClick={press}>
            Send
          </Button>
        </form>,
      ),
    );

  await show(false);
  const button = page.querySelector("button")!;
  button.focus();
  await act(async () => button.click());
  expect([press, submit].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);

  await show(true);
  await act(async () => button.click());
  expect([press, submit].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  expect(button.getAttribute("aria-disabled")).toBe("true");
  expect(document.activeElement).toBe(button);
  await act(async () => root.unmount());
});
