import type { FakeSocket } from "./fakes.js";

type Frame = Readonly<Record<string, unknown>>;

const AT = "2026-01-01T00:00:00.000Z";
const ANN = { wallet_address: "ann", nickname: "Ann", role: "user" };

/** The server's side of a socket, as far as the tests need it: it confirms what it is asked, with the frames it is given. */
export class FakeServer {
  readonly socket: FakeSocket;
  readonly #frames: readonly Frame[];
  #answered: number;

  /** `frames` are the snapshot: those of the channels and rooms that are asked for. */
  constructor(socket: FakeSocket, frames: readonly object[] = []) {
    this.socket = socket;
    this.#frames = frames as readonly Frame[];
    this.#answered = socket.sent.length;
  }

  /** Accepts the connection, and answers. */
  accept(): void {
    this.socket.opened();
    const isSignedIn = new URL(this.socket.url).searchParams.get("auth") === "message";
    const endpoint = new URL(this.socket.url).pathname.split("/").at(-1);
    if (isSignedIn) this.socket.receive({ type: "auth_success", user: ANN, expiresAt: null, timestamp: AT });
    if (endpoint === "notifications") this.socket.receive(...this.#frames);
    this.socket.receive({
      type: "connection_established",
      connectionId: "5a0f7282-26d4-443c-a512-0217cb187774",
      endpoint,
      authenticated: isSignedIn,
      user: isSignedIn ? ANN : null,
      expiresAt: null,
      epoch: "E1",
      positions: endpoint === "notifications" ? { "user.notifications.ann": 4, "system.announcements": 1 } : {},
      heartbeatIntervalMs: 30_000,
      serverVersion: "0.1.0",
      contract: 2,
      limits: { maxMessageBytes: 65_536, messagesPerMinute: 120, maxSubscriptions: 2000 },
      timestamp: AT,
    });
    this.answer();
  }

  /** Answers the commands that were sent since the last time, or since the server was made. */
  answer(): void {
    const { sent } = this.socket;
    while (this.#answered < sent.length) this.#answer(sent[this.#answered++] as Frame);
  }

  #answer({ type, requestId, channels, contestId, text, messageId }: Frame): void {
    if (type === "send_chat_message")
      this.socket.receive({ ...said(6, String(text), { messageId }), requestId, seq: 6 });
    if (type === "ping") this.socket.receive({ type: "pong", timestamp: 0, serverTime: AT, requestId });
    if (type === "subscribe") {
      for (const one of channels as readonly (string | { channel: string })[]) {
        const { channel, recovered } = typeof one === "string" ? { channel: one } : { ...one, recovered: false };
        const seq = channel.endsWith("*") ? null : 1;
        const place = { channel, kind: "latest", epoch: "E1", seq, recovered };
        const confirmation = { type: "subscription_confirmed", ...place, requestId };
        this.socket.receive({ ...confirmation, timestamp: AT });
        this.socket.receive(...this.#frames.filter((frame) => isCovered(frame, channel)));
      }
    }
    if (type === "join_contest_room") {
      this.socket.receive(
        {
          type: "contest_room_joined",
          contestId,
          role: "participant",
          members: [{ wallet: "ann", nickname: "Ann", role: "participant" }],
          memberCount: 1,
          spectatorCount: 0,
          positions: { [`chat.${contestId}`]: 5 },
          timestamp: AT,
          requestId,
        },
        ...this.#frames.filter(({ channel }) => String(channel).endsWith(`.${contestId}`)),
      );
    }
  }
}

function isCovered(frame: Frame, channel: string): boolean {
  return channel.endsWith("*") ? String(frame.channel).startsWith(channel.slice(0, -1)) : frame.channel === channel;
}

/** The leaderboard of contest 2 with one row. */
export function board(nickname: string, version = 1): Frame {
  const entry = { rank: 1, wallet: "ann", nickname, value: 1010.5, returnPct: 1.05, rankChange: 0, entryTime: AT };
  const data = { contestId: 2, entries: [entry], offset: 0, limit: 100, total: 1, version, updatedAt: AT };
  return {
    type: "leaderboard_update",
    contestId: 2,
    data,
    timestamp: AT,
    channel: "leaderboard.2",
    seq: version,
  };
}

/** A chat message of contest 2. */
export function said(id: number, text: string, more: Frame = {}): Frame {
  const sender = { wallet: "bob", nickname: "Bob", role: "user" };
  const data = { id, contestId: 2, sender, text, timestamp: AT, isAdmin: false, ...more };
  return { type: "chat_message", contestId: 2, data, timestamp: AT, channel: "chat.2" };
}

/** A notification in the snapshot of the inbox. */
export function notes(...ids: readonly number[]): readonly Frame[] {
  const channel = "user.notifications.ann";
  const data = ids.map((id) => ({
    id,
    type: "CONTEST_INVITE",
    title: `Note ${id}`,
    content: "It starts at nine.",
    priority: "medium",
    link: null,
    data: {},
    timestamp: AT,
    read: false,
    read_at: null,
    expires_at: null,
  }));
  return [
    { type: "unread_count", count: ids.length, version: 2, timestamp: AT, channel },
    { type: "notification_batch", subtype: "unread", data, count: ids.length, hasMore: false, timestamp: AT, channel },
  ];
}
