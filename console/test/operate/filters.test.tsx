import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TextFilter } from "../../src/views/operate/filters";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

let root: Root;
let input: HTMLInputElement;
const set = vi.fn<(name: string, value: string) => void>();

beforeEach(async () => {
  vi.useFakeTimers();
  set.mockClear();
  const place = document.body.appendChild(document.createElement("div"));
  root = createRoot(place);
  const query = { get: () => "", set, address: "" };
  await act(async () => root.render(<TextFilter query={query} name="q" label="Search" />));
  input = place.querySelector("input")!;
});
afterEach(async () => {
  await act(async () => root.unmount());
  vi.useRealTimers();
});

async function type(text: string): Promise<void> {
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!;
  await act(async () => {
    setter.call(input, text);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

test("a text filters once typing pauses", async () => {
  for (const text of ["a", "an", "ann"]) {
    await type(text);
    await act(() => vi.advanceTimersByTimeAsync(299));
  }
  expect(input.value).toBe("ann");
  expect(set).not.toHaveBeenCalled();
  await act(() => vi.advanceTimersByTimeAsync(1));
  expect(set.mock.calls).toEqual([["q", "ann"]]);
});

test("a text filters at once when the input is left, and once", async () => {
  await type("ann");
  await act(async () => input.dispatchEvent(new FocusEvent("focusout", { bubbles: true })));
  await act(() => vi.advanceTimersByTimeAsync(1000));
  expect(set.mock.calls).toEqual([["q", "ann"]]);
});

test("a text that is typed when the view is left changes nothing", async () => {
  await type("ann");
  await act(async () => root.unmount());
  await vi.advanceTimersByTimeAsync(1000);
  expect(set).not.toHaveBeenCalled();
});
