// @vitest-environment happy-dom
import type { ReactNode } from "react";
import { describe, expect, test } from "vitest";
import type { ChatEntry, DuelcastError } from "../../src/index.js";
import {
  useConnection,
  useDuelcast,
  useInbox,
  useLeaderboard,
  usePrice,
  useRoom,
  useStore,
} from "../../src/react/index.js";
import { price } from "../harness.js";
import { board, FakeServer, notes, said } from "../server.js";
import { failOnWarnings, Stage } from "./stage.js";

failOnWarnings();

function Price(): ReactNode {
  const { value, status, error } = usePrice("SOL");
  return `${value?.price ?? "–"} ${status} ${error?.code ?? ""}`;
}

function Banner(): ReactNode {
  const state = useConnection();
  return state.is === "waiting" ? `waiting until ${state.retryAt}` : state.is;
}

describe("the status of a value", () => {
  test("is loading, live, stale after a lost connection, and live again", async () => {
    const stage = new Stage();
    await stage.render(<Price />);
    expect(stage.text).toBe("– loading ");
    await stage.serve("market-data", [price("SOL", 150)]);
    expect(stage.text).toBe("150 live ");
    await stage.act(() => stage.socketOf("market-data").lost());
    expect(stage.text).toBe("150 stale ");
    await stage.act(() => stage.clock.advance(1000));
    await stage.serve("market-data", [price("SOL", 152)]);
    expect(stage.text).toBe("152 live ");
  });

  test("is refused with the error of the server, until the server accepts it", async () => {
    const stage = new Stage();
    await stage.render(<Price />);
    const socket = stage.socketOf("market-data");
    await stage.act(() => {
      socket.opened();
      const { requestId } = socket.sent.find(({ type }) => type === "subscribe") ?? {};
      const refusal = { type: "ERROR", code: "UNKNOWN_CHANNEL", message: "There is no such symbol.", requestId };
      socket.receive({ type: "connection_established", epoch: "E1", positions: {} }, refusal);
    });
    expect(stage.text).toBe("– refused UNKNOWN_CHANNEL");

    const server = new FakeServer(socket, [price("SOL", 150)]);
    await stage.act(() => stage.clock.advance(10_000));
    await stage.act(() => server.answer());
    expect(stage.text).toBe("150 live ");
  });

  test("is refused if the server does not want the client at all", async () => {
    const stage = new Stage();
    function Board(): ReactNode {
      const { value, status, error } = useLeaderboard(2);
      return `${value?.version ?? "–"} ${status} ${error?.code ?? ""}, ${useConnection("contest").is}`;
    }
    await stage.render(<Board />);
    await stage.act(() => stage.socketOf("contest").lost(4003, "banned"));
    expect(stage.text).toBe("– refused PERMISSION_DENIED, refused");
  });
});

describe("useConnection", () => {
  test("says of an endpoint what its connection does, and when it tries again", async () => {
    const stage = new Stage();
    function One(): ReactNode {
      usePrice("SOL");
      const state = useConnection("market-data");
      return state.is + (state.is === "waiting" ? ` until ${state.retryAt}` : "");
    }
    await stage.render(<One />);
    expect(stage.text).toBe("connecting");
    await stage.serve("market-data");
    expect(stage.text).toBe("open");
    await stage.act(() => stage.socketOf("market-data").lost());
    expect(stage.text).toBe(`waiting until ${stage.clock.now() + 375}`);
  });

  test("without an endpoint says what a user should know first", async () => {
    const stage = new Stage();
    function Both(): ReactNode {
      usePrice("SOL");
      useLeaderboard(2);
      return <Banner />;
    }
    await stage.render(<Banner />);
    expect(stage.text).toBe("idle");
    await stage.render(<Both />);
    expect(stage.text).toBe("connecting");
    await stage.serve("market-data", [price("SOL", 150)]);
    expect(stage.text).toBe("connecting");
    await stage.serve("contest", [board("Ann")]);
    expect(stage.text).toBe("open");
    await stage.act(() => stage.socketOf("contest").lost());
    const first = stage.clock.now() + 375;
    expect(stage.text).toBe(`waiting until ${first}`);
    await stage.act(async () => {
      await stage.clock.advance(100);
      stage.socketOf("market-data").lost();
    });
    expect(stage.text).toBe(`waiting until ${first}`);
    await stage.act(() => stage.client.close());
    expect(stage.text).toBe("closed");
  });

  test("renders nothing when another endpoint changes", async () => {
    const stage = new Stage();
    let renders = 0;
    function Contest(): ReactNode {
      renders += 1;
      return useConnection("contest").is;
    }
    await stage.render([<Contest key="1" />, <Price key="2" />]);
    await stage.serve("market-data", [price("SOL", 150)]);
    expect(renders).toBe(1);
  });
});

describe("useRoom", () => {
  test("sends messages: they are pending, then stored or failed", async () => {
    const stage = new Stage({ token: "t1" });
    let send: ReturnType<typeof useRoom>["send"] | undefined;
    let dismiss: ReturnType<typeof useRoom>["dismiss"] | undefined;
    let chat: readonly ChatEntry[] = [];
    function Chat(): ReactNode {
      const here = useRoom(2);
      ({ send, dismiss } = here);
      ({ chat } = here.value);
      return chat.map(({ text, status }) => `${text} ${status}.`);
    }
    await stage.render(<Chat />);
    const { socket } = await stage.serve("contest", [said(1, "Hello")]);
    expect(stage.text).toBe("Hello sent.");

    await stage.act(() => void send?.("gg"));
    expect(stage.text).toBe("Hello sent.gg pending.");
    const { requestId, messageId } = socket.sent.at(-1) ?? {};
    await stage.act(() => socket.receive({ ...said(2, "gg", { messageId }), requestId, seq: 6 }));
    expect(stage.text).toBe("Hello sent.gg sent.");

    let refusal: DuelcastError | undefined;
    await stage.act(() => void send?.("spam").catch((error: DuelcastError) => (refusal = error)));
    await stage.act(() => {
      const error = { type: "error", code: "RATE_LIMIT_EXCEEDED", message: "Wait.", retryAfterMs: 6000 };
      socket.receive({ ...error, requestId: socket.sent.at(-1)?.requestId });
    });
    expect(refusal?.code).toBe("RATE_LIMIT_EXCEEDED");
    expect(stage.text).toBe("Hello sent.gg sent.spam failed.");
    await stage.act(() => dismiss?.(chat.at(-1)?.messageId ?? ""));
    expect(stage.text).toBe("Hello sent.gg sent.");
  });
});

describe("useInbox", () => {
  test("marks notifications as read", async () => {
    const stage = new Stage({ token: "t1" });
    let inbox: ReturnType<typeof useInbox> | undefined;
    function Inbox(): ReactNode {
      inbox = useInbox();
      return `${inbox.value.unread?.count} of ${inbox.value.notifications.length}`;
    }
    await stage.render(<Inbox />);
    const { socket } = await stage.serve("notifications", notes(3, 2));
    expect(stage.text).toBe("2 of 2");
    await stage.act(() => void inbox?.markRead([3]));
    expect(socket.sent.at(-1)).toMatchObject({ type: "mark_read", ids: [3] });
    await stage.act(() => void inbox?.markAllRead());
    expect(socket.sent.at(-1)).toMatchObject({ type: "mark_all_read" });
  });
});

describe("useStore", () => {
  test("follows what the client itself knows, such as the offset of the server's clock", async () => {
    const stage = new Stage();
    function Offset(): ReactNode {
      usePrice("SOL");
      return String(useStore(useDuelcast().clockOffsetMs).value);
    }
    await stage.render(<Offset />);
    expect(stage.text).toBe("undefined");
    await stage.serve("market-data");
    expect(stage.text).toBe("0");
  });
});
