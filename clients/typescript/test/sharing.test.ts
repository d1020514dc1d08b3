import { expect, describe, test } from "vitest";
import { channel, latest, room } from "../src/index.js";
import { settled } from "./fakes.js";
import { Harness } from "./harness.js";

/** A chat message: one of a snapshot has no `seq`. */
function said(id: number, seq?: number): object {
  return { type: "chat_message", contestId: 2, data: { id }, channel: "chat.2", seq };
}

/** A contest whose room and chat are wanted when a test says so; `ids` are the messages that the follower of the chat gets. */
class Contest {
  readonly harness: Harness = new Harness();
  readonly ids: number[] = [];
  readonly room = room(this.harness.client, 2);

  wantRoom(): void {
    this.room.subscribe(() => undefined);
  }

  wantChat(): void {
    channel(this.harness.client, "contest", "chat.2").on((one) => {
      if (one.type === "chat_message") this.ids.push(one.data.id);
    });
  }

  get idsInRoom(): (number | undefined)[] {
    return this.room.get().chat.map(({ id }) => id);
  }

  async establish(): Promise<void> {
    await settled();
    this.harness.socket.opened();
    this.harness.socket.receive({ type: "connection_established", epoch: "E1", positions: {} });
  }

  /** The chat is confirmed up to `seq`; `recovered` if it was resumed. */
  confirm(seq: number, recovered?: boolean): void {
    const place = { channel: "chat.2", kind: "every", epoch: "E1", seq, recovered };
    this.#answer("subscribe", { type: "subscription_confirmed", ...place });
  }

  /** The room is joined, with its chat up to `seq`; `recovered` if it was resumed. */
  join(seq: number, recovered?: boolean): void {
    const reply = { type: "contest_room_joined", contestId: 2, positions: { "chat.2": seq }, recovered };
    this.#answer("join_contest_room", reply);
  }

  receive(...frames: readonly object[]): void {
    this.harness.socket.receive(...frames);
  }

  /** All that was asked for is complete. */
  async complete(): Promise<void> {
    this.#answer("ping", { type: "pong", serverTime: this.harness.now });
    await this.harness.frame();
  }

  #answer(type: string, reply: object): void {
    const requestId = this.harness.socket.sent.filter((one) => one.type === type).at(-1)?.requestId;
    this.receive({ ...reply, requestId });
  }
}

describe("a chat and its room", () => {
  test("get each message once if both become wanted at the same time", async () => {
    const contest = new Contest();
    contest.wantRoom();
    contest.wantChat();
    await contest.establish();
    contest.confirm(5);
    contest.receive(said(1), said(2), said(3, 6));
    contest.join(6);
    contest.receive(said(1), said(2), said(3), said(4, 7));
    await contest.complete();
    expect(contest.ids).toEqual([1, 2, 3, 4]);
    expect(contest.idsInRoom).toEqual([1, 2, 3, 4]);
    expect(contest.room.status).toBe("live");
  });

  test("begin with a snapshot of their own, which does not touch what the other holds", async () => {
    const contest = new Contest();
    contest.wantRoom();
    await contest.establish();
    contest.join(5);
    contest.receive(said(1), said(2));
    await contest.complete();
    contest.wantChat();
    await settled();
    contest.receive(said(3, 6));
    contest.confirm(6);
    contest.receive(said(2), said(3));
    await contest.harness.frame();
    expect(contest.room.status).toBe("live");
    await contest.complete();
    expect(contest.ids).toEqual([2, 3]);
    expect(contest.idsInRoom).toEqual([1, 2, 3]);
  });

  test("get what was missed once, although it is replayed to each", async () => {
    const contest = new Contest();
    contest.wantRoom();
    contest.wantChat();
    await contest.establish();
    contest.confirm(5);
    contest.receive(said(1));
    contest.join(5);
    contest.receive(said(1));
    await contest.complete();
    contest.harness.socket.lost();
    await contest.harness.clock.advance(1000);
    await contest.establish();
    const since = { epoch: "E1", seq: 5 };
    const [subscribe, join] = contest.harness.socket.sent;
    expect(subscribe).toMatchObject({ channels: [{ channel: "chat.2", since }] });
    expect(join).toMatchObject({ type: "join_contest_room", since });
    contest.confirm(6, true);
    contest.receive(said(2, 6));
    contest.join(6, true);
    contest.receive(said(2, 6));
    await contest.complete();
    expect(contest.ids).toEqual([1, 2]);
    expect(contest.idsInRoom).toEqual([1, 2]);
  });
});

test("the snapshot for a second store of a channel is not delivered to the first again", async () => {
  const contest = new Contest();
  contest.wantChat();
  await contest.establish();
  contest.confirm(5);
  contest.receive(said(1));
  await contest.complete();
  const stores = [0, 1].map(() => {
    return latest(contest.harness.client, "contest", "chat.2", (one) => {
      return one.type === "chat_message" ? [[one.data.id, one.data.id]] : [];
    });
  });
  for (const store of stores) {
    store.subscribe(() => undefined);
    await settled();
    contest.confirm(5);
    contest.receive(said(1));
  }
  contest.receive(said(2, 6));
  await contest.complete();
  for (const store of stores) expect([...store.get().keys()]).toEqual([1, 2]);
  expect(contest.ids).toEqual([1, 2]);
});
