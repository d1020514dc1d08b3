// @vitest-environment happy-dom
import { memo, useState, type ReactNode } from "react";
import { describe, expect, test } from "vitest";
import { market, room } from "../../src/index.js";
import { useDuelcast, usePrice, usePrices, useStore, type Live } from "../../src/react/index.js";
import type { Price } from "../../src/types.js";
import { price } from "../harness.js";
import { said, type FakeServer } from "../server.js";
import { failOnWarnings, Stage } from "./stage.js";

failOnWarnings();

const SYMBOLS = Array.from({ length: 300 }, (_, index) => `S${index}`);
const FRAME_MS = 16;

/** Counts how often each cell renders. */
class Counts {
  readonly #counts = new Map<string, number>();

  add(symbol: string): void {
    this.#counts.set(symbol, (this.#counts.get(symbol) ?? 0) + 1);
  }

  /** The counts since the last call. */
  take(): Record<string, number> {
    const counts = Object.fromEntries(this.#counts);
    this.#counts.clear();
    return counts;
  }
}

/** Plays a second with a message each millisecond, and checks which cells render in each frame. */
async function playSecond(
  stage: Stage,
  server: FakeServer,
  counts: Counts,
  nth: (ms: number) => string,
): Promise<number> {
  let renders = 0;
  let arrived = new Set<string>();
  for (let ms = 1; ms <= 1000; ms++) {
    await stage.clock.advance(1);
    server.socket.receive(price(nth(ms), 1000 + ms, 1 + ms));
    arrived.add(nth(ms));
    if (ms % FRAME_MS !== 0 && ms !== 1000) continue;
    await stage.act(() => undefined);
    const rendered = counts.take();
    expect(rendered).toEqual(Object.fromEntries([...arrived].map((symbol) => [symbol, 1])));
    renders += Object.keys(rendered).length;
    arrived = new Set();
  }
  return renders;
}

/** Shows a price of each symbol, of which the server has one, in a cell of its own. Afterwards it can play seconds. */
async function openTable(
  useCell: (symbol: string) => Live<Price | undefined>,
): Promise<{ stage: Stage; play: (nth: (ms: number) => string) => Promise<number> }> {
  const counts = new Counts();
  const Cell = memo(function Cell({ symbol }: { symbol: string }): ReactNode {
    const { value } = useCell(symbol);
    counts.add(symbol);
    return `${value?.price} `;
  });
  function Table(): ReactNode {
    counts.add("table");
    return SYMBOLS.map((symbol) => <Cell key={symbol} symbol={symbol} />);
  }
  const stage = new Stage();
  await stage.render(<Table />);
  const server = await stage.serve(
    "market-data",
    SYMBOLS.map((symbol) => price(symbol, 1)),
  );
  expect(server.socket.sent.filter(({ type }) => type === "subscribe")).toHaveLength(1);
  counts.take();
  return { stage, play: (nth) => playSecond(stage, server, counts, nth) };
}

/** Each symbol has its turn, because 7 and 300 have no common divisor. */
function inTurn(ms: number): string {
  return `S${(ms * 7) % 300}`;
}

describe("a table of 300 prices at 1,000 messages a second", () => {
  test("renders the cells whose prices have changed, once per frame, and nothing else", async () => {
    const { stage, play } = await openTable((symbol) => useStore(market(useDuelcast(), "*").at(symbol)));
    expect(await play(inTurn)).toBe(1000);
    // One symbol alone: a render per frame, and none of the other 299 cells.
    expect(await play(() => "S5")).toBe(63);
    expect(stage.text.split(" ")[5]).toBe("2000");
  });

  test("the same is true of cells that follow one symbol each, with one subscription in all", async () => {
    const { play } = await openTable(usePrice);
    expect(await play(inTurn)).toBe(1000);
  });
});

describe("a selector", () => {
  test("may return a new object each time; the component renders only when its store has changed", async () => {
    let renders = 0;
    function Symbols(): ReactNode {
      renders += 1;
      return useStore(market(useDuelcast(), "*"), (prices) => [...prices.keys()]).value.join(" ");
    }
    const stage = new Stage();
    await stage.render(<Symbols />);
    expect(renders).toBe(1);
    const server = await stage.serve("market-data", [price("SOL", 150), price("BTC", 66000)]);
    expect(stage.text).toBe("SOL BTC");
    expect(renders).toBe(2);
    await stage.act(() => server.socket.receive(price("SOL", 151, 2)));
    expect(renders).toBe(3);
  });

  test("with a comparison, what is equal is the same object, and nothing renders", async () => {
    const seen: unknown[] = [];
    let renderAgain: () => void = () => undefined;
    function Symbols(): ReactNode {
      const [, set] = useState(0);
      renderAgain = () => set((count) => count + 1);
      const { value } = useStore(
        market(useDuelcast(), "*"),
        (prices) => [...prices.keys()],
        (before, after) => before.join() === after.join(),
      );
      seen.push(value);
      return value.join(" ");
    }
    const stage = new Stage();
    await stage.render(<Symbols />);
    const server = await stage.serve("market-data", [price("SOL", 150)]);
    const renders = seen.length;
    await stage.act(() => server.socket.receive(price("SOL", 151, 2)));
    expect(seen).toHaveLength(renders);
    await stage.act(() => renderAgain());
    expect(seen).toHaveLength(renders + 1);
    expect(seen.at(-1)).toBe(seen.at(-2));

    await stage.act(() => server.socket.receive(price("BTC", 66000)));
    expect(stage.text).toBe("SOL BTC");
  });

  test("leaves a component alone that shows another part of the room", async () => {
    let renders = 0;
    function Members(): ReactNode {
      renders += 1;
      return useStore(room(useDuelcast(), 2), ({ memberCount }) => memberCount).value;
    }
    const stage = new Stage();
    await stage.render(<Members />);
    const server = await stage.serve("contest");
    expect(stage.text).toBe("1");
    const before = renders;
    await stage.act(() => server.socket.receive({ ...said(1, "Hello"), seq: 6 }));
    expect(renders).toBe(before);
  });

  test("may change from render to render", async () => {
    let show: (symbol: string) => void = () => undefined;
    function One(): ReactNode {
      const [symbol, set] = useState("SOL");
      show = set;
      return useStore(market(useDuelcast(), "*"), (prices) => prices.get(symbol)?.price).value;
    }
    const stage = new Stage();
    await stage.render(<One />);
    const server = await stage.serve("market-data", [price("SOL", 150), price("BTC", 66000)]);
    await stage.act(() => show("BTC"));
    expect(stage.text).toBe("66000");
    await stage.act(() => server.socket.receive(price("BTC", 66001, 2)));
    expect(stage.text).toBe("66001");
  });

  test("that throws is an error of its component", async () => {
    function sizeOf({ size }: ReadonlyMap<string, unknown>): number {
      if (size > 1) throw new Error("The selector fails.");
      return size;
    }
    function Count(): ReactNode {
      return useStore(market(useDuelcast(), "*"), sizeOf).value;
    }
    const stage = new Stage();
    await stage.render(<Count />);
    const server = await stage.serve("market-data", [price("SOL", 150)]);
    await expect(stage.act(() => server.socket.receive(price("BTC", 66000)))).rejects.toThrow("The selector fails.");
  });
});

test("usePrices renders once per frame, however many prices change", async () => {
  let renders = 0;
  function Sum(): ReactNode {
    renders += 1;
    return [...usePrices().value.values()].reduce((sum, one) => sum + one.price, 0);
  }
  const stage = new Stage();
  await stage.render(<Sum />);
  const server = await stage.serve("market-data", [price("SOL", 150), price("BTC", 66000)]);
  expect(stage.text).toBe("66150");
  const before = renders;
  await stage.act(() => server.socket.receive(price("SOL", 151, 2), price("BTC", 66001, 2), price("SOL", 152, 3)));
  expect(stage.text).toBe("66153");
  expect(renders).toBe(before + 1);
});
