import { DuelcastError } from "@duelcast/client";
import { act, StrictMode, useEffect } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { usePages, type Page, type Pages } from "../src/data/pages";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

let root: Root;
let shown: Pages<number>;

beforeEach(() => {
  root = createRoot(document.createElement("div"));
});
afterEach(() => act(async () => root.unmount()));

type Read = (cursor: string | undefined) => Promise<Page<number>>;

function List({ of, read }: { of: string | undefined; read: Read }): null {
  const pages = usePages(of, read);
  useEffect(() => {
    shown = pages;
  });
  return null;
}

async function show(of: string | undefined, read: Read): Promise<void> {
  await act(async () =>
    root.render(
      <StrictMode>
        <List of={of} read={read} />
      </StrictMode>,
    ),
  );
}

const two: Read = async (cursor) => (cursor === undefined ? { data: [1, 2], nextCursor: "b" } : { data: [3] });

test("reads the first page, and others when asked", async () => {
  await show("all", two);
  expect(shown).toMatchObject({ rows: [1, 2], hasMore: true, isLoading: false });
  await act(async () => shown.more());
  expect(shown).toMatchObject({ rows: [1, 2, 3], hasMore: false, isLoading: false });
});

test("reads nothing without a key", async () => {
  await show(undefined, two);
  expect(shown).toMatchObject({ rows: undefined, isLoading: false });
});

test("begins anew when the key changes", async () => {
  await show("all", two);
  await act(async () => shown.more());
  await show("some", async () => ({ data: [7] }));
  expect(shown.rows).toEqual([7]);
});

test("keeps the rows when a page fails, and reads that page again", async () => {
  let isDown = true;
  const read: Read = async (cursor) => {
    if (cursor !== undefined && isDown) throw new DuelcastError("NETWORK_ERROR", "There is no connection.");
    return two(cursor);
  };
  await show("all", read);
  await act(async () => shown.more());
  expect(shown).toMatchObject({ rows: [1, 2], hasMore: true, error: { code: "NETWORK_ERROR" } });
  isDown = false;
  await act(async () => shown.more());
  expect(shown).toMatchObject({ rows: [1, 2, 3], error: undefined });
});

test("replaces all rows by the first page when asked to read again", async () => {
  await show("all", two);
  await act(async () => shown.more());
  await act(async () => shown.again());
  expect(shown).toMatchObject({ rows: [1, 2], hasMore: true });
});

test("changes the rows that were read", async () => {
  await show("all", two);
  await act(async () => shown.edit((rows) => rows.filter((row) => row > 1)));
  await act(async () => shown.more());
  expect(shown.rows).toEqual([2, 3]);
});
