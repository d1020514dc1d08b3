// @vitest-environment happy-dom
import { StrictMode, useEffect, type ReactNode } from "react";
import { describe, expect, test } from "vitest";
import { endpoint, market, type Store } from "../../src/index.js";
import { useDuelcast, useInbox, useLeaderboard, usePrice, useRoom, useStore } from "../../src/react/index.js";
import { price } from "../harness.js";
import { settled } from "../fakes.js";
import { board, notes, said } from "../server.js";
import { failOnWarnings, Stage } from "./stage.js";

failOnWarnings();

function Price({ symbol }: { symbol: string }): ReactNode {
  const { value, status } = usePrice(symbol);
  return `${symbol} ${value?.price ?? "–"} ${status}.`;
}

function Board(): ReactNode {
  return useLeaderboard(2).value?.entries.map(({ nickname }) => nickname);
}

function Chat(): ReactNode {
  return useRoom(2).value.chat.map(({ text }) => text);
}

function Unread(): ReactNode {
  return useInbox().value.unread?.count;
}

describe("under StrictMode", () => {
  test("each endpoint is dialled once, and each thing is asked for once", async () => {
    const stage = new Stage({ token: "t1" });
    await stage.render(
      <StrictMode>
        <Price symbol="SOL" />
        <Price symbol="BTC" />
        <Price symbol="SOL" />
        <Board />
        <Chat />
        <Unread />
      </StrictMode>,
    );
    await stage.serve("market-data", [price("SOL", 150), price("BTC", 66000)]);
    await stage.serve("contest", [board("Ann"), said(1, "Hello")]);
    await stage.serve("notifications", notes(3, 2));

    expect(stage.dialled).toHaveLength(3);
    expect(new Set(stage.dialled)).toEqual(new Set(["market-data", "contest", "notifications"]));
    const asked = stage.network.sockets.flatMap(({ sent }) => sent.filter(({ type }) => type !== "ping"));
    const once = ["auth", "auth", "auth", "join_contest_room", ["leaderboard.2"], ["market.SOL", "market.BTC"]];
    expect(asked).toHaveLength(once.length);
    expect(asked.map(({ type, channels }) => channels ?? type)).toEqual(expect.arrayContaining(once));
    expect(stage.text).toBe("SOL 150 live.BTC 66000 live.SOL 150 live.AnnHello2");
  });

  test("a store has one listener for each component, and none after they have gone", async () => {
    const stage = new Stage();
    const sol = market(stage.client, "SOL").at("SOL");
    const listeners = new Set<object>();
    const counted: Store<unknown> = {
      get: () => sol.get(),
      initial: undefined,
      status: "live",
      error: undefined,
      subscribe(listener) {
        const entry = {};
        const unsubscribe = sol.subscribe(listener);
        listeners.add(entry);
        return () => {
          listeners.delete(entry);
          unsubscribe();
        };
      },
    };
    function Follower(): ReactNode {
      useStore(counted);
      return null;
    }

    await stage.render(
      <StrictMode>
        <Follower />
        <Follower />
      </StrictMode>,
    );
    expect(listeners.size).toBe(2);
    await stage.unmount();
    expect(listeners.size).toBe(0);
  });

  test("a handler of an effect is called once for each message", async () => {
    const stage = new Stage();
    const heard: number[] = [];
    function Listener(): ReactNode {
      const client = useDuelcast();
      useEffect(
        () => endpoint(client, "market-data").on("MARKET_PRICE", ({ data }) => heard.push(data.price)),
        [client],
      );
      usePrice("SOL");
      return null;
    }

    await stage.render(
      <StrictMode>
        <Listener />
      </StrictMode>,
    );
    await stage.serve("market-data", [price("SOL", 150)]);
    await stage.act(() => stage.socketOf("market-data").receive(price("SOL", 151, 2)));
    expect(heard).toEqual([150, 151]);
  });
});

describe("after the components have gone", () => {
  test("no socket, timer or listener is left when the linger is over", async () => {
    const stage = new Stage({ token: "t1" });
    await stage.render(
      <StrictMode>
        <Price symbol="SOL" />
        <Board />
        <Chat />
        <Unread />
      </StrictMode>,
    );
    for (const name of ["market-data", "contest", "notifications"]) await stage.serve(name);
    await stage.unmount();

    await stage.clock.advance(4999);
    expect(stage.network.sockets.map(({ closedWith }) => closedWith)).toEqual([undefined, undefined, undefined]);
    await stage.clock.advance(5001);
    expect(stage.network.sockets.map(({ closedWith }) => closedWith)).toEqual([1000, 1000, 1000]);
    expect(stage.clock.timers).toBe(0);
    expect(stage.page.listeners.size).toBe(0);
  });

  test("a remount before the end of the linger asks for nothing, and shows the value at once", async () => {
    const stage = new Stage();
    await stage.render(<Price symbol="SOL" />);
    await stage.serve("market-data", [price("SOL", 150)]);
    const { sent } = stage.socketOf("market-data");
    const before = sent.length;

    await stage.render(null);
    await stage.clock.advance(4000);
    const texts: string[] = [];
    function Again(): ReactNode {
      const { value, status } = usePrice("SOL");
      texts.push(`${value?.price} ${status}`);
      return null;
    }
    await stage.render(<Again />);
    await stage.clock.advance(10_000);
    await settled();

    expect(texts).toEqual(["150 live"]);
    expect(sent.slice(before).filter(({ type }) => type !== "ping")).toEqual([]);
    expect(stage.dialled).toEqual(["market-data"]);
  });
});

describe("a client that is replaced", () => {
  test("the hooks move to the new one, and the former one ends its connection", async () => {
    const stage = new Stage();
    const other = new Stage();
    await stage.render(<Price symbol="SOL" />);
    await stage.serve("market-data", [price("SOL", 150)]);

    await stage.render(<Price symbol="SOL" />, { client: other.client });
    expect(stage.text).toBe("SOL – loading.");
    await other.serve("market-data", [price("SOL", 7)]);
    expect(stage.text).toBe("SOL 7 live.");

    await stage.act(() => stage.clock.advance(10_000));
    expect(stage.network.last.closedWith).toBe(1000);
    expect(stage.clock.timers).toBe(0);
    expect(stage.text).toBe("SOL 7 live.");
  });
});
