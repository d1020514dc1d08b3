import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeServer, type Message } from "../fake-server";

let server: FakeServer;
let commands: Message[];

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
  sessionStorage.setItem("duelcast.token", "a.b.c");
  commands = [];
});
afterEach(() => vi.resetModules());

/** A page, of which all else is new after a reload. The server answers messages as `answer` says. */
async function load(answer: (command: Message) => readonly Message[] = () => []) {
  vi.resetModules();
  server = new FakeServer();
  server.answer = (command) => {
    if (command.type === "join_contest_room") return [{ type: "contest_room_joined", contestId: 2, role: "user" }];
    if (command.type !== "send_chat_message") return [];
    commands.push(command);
    return answer(command);
  };
  const { inbox, room } = await import("@duelcast/client");
  const { client } = await import("../../src/app/session");
  const { say, dismiss } = await import("../../src/views/contest/room/say");
  inbox(client).subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(2000);
  return {
    say,
    dismiss,
    chat: () => {
      const unstored = room(client, 2).get().chat;
      return unstored.map(({ status, text }) => ({ status, text }));
    },
  };
}

function store({ contestId, text, messageId }: Message): readonly Message[] {
  const data = { id: 7, contestId, sender: { wallet: "ann", nickname: null, role: "user" }, text, messageId };
  return [{ type: "chat_message", contestId, data }];
}

const refuse = (): readonly Message[] => [{ type: "error", code: "MUTED", message: "You are muted." }];

test("a message that was under way is sent again after a reload, with the same id, until it is stored", async () => {
  const first = await load();
  first.say(2, "gg wp");
  await vi.advanceTimersByTimeAsync(1000);
  expect(first.chat()).toEqual([{ status: "pending", text: "gg wp" }]);
  const second = await load(store);
  expect(commands).toHaveLength(2);
  expect(commands[1]).toEqual(commands[0]);
  expect(second.chat()).toEqual([{ status: "sent", text: "gg wp" }]);
  const third = await load();
  expect(commands).toHaveLength(2);
  expect(third.chat()).toEqual([]);
});

test("a message that has failed is there after a reload, but not sent, until it is sent again or dismissed", async () => {
  const first = await load(refuse);
  first.say(2, "gg");
  await vi.advanceTimersByTimeAsync(1000);
  expect(first.chat()).toEqual([{ status: "failed", text: "gg" }]);
  const second = await load();
  expect(commands).toHaveLength(1);
  expect(second.chat()).toEqual([{ status: "failed", text: "gg" }]);
  second.dismiss(2, String(commands[0]?.messageId));
  await vi.advanceTimersByTimeAsync(100);
  expect(second.chat()).toEqual([]);
  expect((await load()).chat()).toEqual([]);
});

test("a message waits for two minutes at most, also across a reload", async () => {
  (await load()).say(2, "too late");
  await vi.advanceTimersByTimeAsync(1000);
  vi.setSystemTime(Date.now() + 120_000);
  const second = await load(store);
  expect(commands).toHaveLength(1);
  expect(second.chat()).toEqual([{ status: "failed", text: "too late" }]);
});

test("the messages of one user are not sent for another", async () => {
  (await load()).say(2, "mine");
  await vi.advanceTimersByTimeAsync(1000);
  const { user } = await import("../../src/app/session");
  user.set({ wallet_address: "bob", role: "user", nickname: null });
  expect(sessionStorage.getItem("duelcast.unsent")).toBe("[]");
  expect((await load(store)).chat()).toEqual([]);
  expect(commands).toHaveLength(1);
});
