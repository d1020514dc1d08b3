import { inside, type Client } from "../client.js";
import { isRecord, number, records, text, type Frame } from "../core/frame.js";
import { roomMembership } from "../core/membership.js";
import type { DuelcastError } from "../errors.js";
import type {
  ChatMessage,
  ChatMessageRecord,
  ContestRoomJoined,
  ContestView,
  Leaderboard,
  Participant,
  RoomMember,
} from "../generated/messages.js";
import { request, type RequestOptions } from "../shell/calls.js";
import type { Link } from "../shell/link.js";
import { uuid } from "../shell/uuid.js";
import type { Flush } from "./flush.js";
import { ComposedStore, type Store } from "./store.js";

/** A message of a chat: stored (`sent`), or one's own that is `pending` or has `failed`. */
export type ChatEntry =
  | ({ readonly status: "sent" } & Readonly<ChatMessageRecord>)
  | {
      readonly status: "pending" | "failed";
      readonly id?: undefined;
      readonly messageId: string;
      readonly text: string;
      /** Why it has failed. */
      readonly error?: DuelcastError;
    };

/** A user in a room; the role of one who came later is not known. */
export type Occupant = Omit<RoomMember, "role"> & Partial<Pick<RoomMember, "role">>;

/** The value of a room; members are `undefined` until they have arrived. */
export interface RoomValue {
  readonly role: ContestRoomJoined["role"] | undefined;
  readonly contest: ContestView | undefined;
  readonly leaderboard: Leaderboard | undefined;
  /** The user's own row; `undefined` without a token. */
  readonly participant: Participant | undefined;
  /** Up to 100 users, in the order of joining. */
  readonly members: readonly Occupant[];
  readonly memberCount: number | undefined;
  readonly spectatorCount: number | undefined;
  /** Whether an admin is there who is visible. */
  readonly adminPresent: boolean | undefined;
  /** Messages by id, and after them one's own that are not stored. */
  readonly chat: readonly ChatEntry[];
}

/** Options of a chat message. */
export interface SendOptions extends RequestOptions {
  /** The UUID of the message; that of a message that has failed, to send it again. */
  readonly messageId?: string | undefined;
}

/** The room of a contest. */
export interface Room extends Store<RoomValue> {
  /**
   * Sends a chat message, and resolves once it is stored. Until then it is `pending` in the chat; if it is refused, it is
   * `failed` there, and the promise rejects with the `DuelcastError`. It is stored once, however often it must be sent.
   * With the `messageId` of a message that has failed, it takes the place of that message.
   */
  send(content: string, options?: SendOptions): Promise<ChatMessage>;
  /** Removes a message of one's own that has failed. */
  dismiss(messageId: string): void;
}

/** The room of a contest, which is joined as long as it has listeners. */
export function room(client: Client, contestId: number): Room {
  const { flush, link, once } = inside(client);
  return once(`room ${contestId}`, () => new ContestRoom(flush, link("contest"), contestId));
}

/** The members of the value that messages with `data` bring. */
const DATA: ReadonlyMap<string, string> = new Map([
  ["contest_state", "contest"],
  ["leaderboard_update", "leaderboard"],
  ["participant_update", "participant"],
]);

/** The members of the value, but for the chat. */
const NAMES = [...DATA.values(), "role", "members", "memberCount", "spectatorCount", "adminPresent"];

class ContestRoom extends ComposedStore<RoomValue> implements Room {
  readonly #contestId: number;

  constructor(flush: Flush, link: Link, contestId: number) {
    super(flush, link, roomMembership(contestId));
    this.#contestId = contestId;
    this.#set("members", []);
  }

  send(content: string, options: SendOptions = {}): Promise<ChatMessage> {
    const { messageId = uuid() } = options;
    const unwant = this.want();
    const own = { messageId, text: content };
    this.put("chat", messageId, { ...own, status: "pending" });
    const command = { type: "send_chat_message", contestId: this.#contestId, ...own };
    const answer = request<ChatMessage>(this.link, command, options);
    answer
      .then(
        (message) => this.receive({ ...message }),
        (error: unknown) => {
          // It may have come as a push nevertheless.
          if (this.held.get("chat", messageId)) this.put("chat", messageId, { ...own, status: "failed", error });
        },
      )
      .finally(unwant);
    return answer;
  }

  dismiss(messageId: string): void {
    this.remove("chat", messageId);
  }

  /** All but the chat begins when the room is joined; the chat may be resumed instead, and begins by itself. */
  override begin(channel: string): void {
    this.held.begin((from) => (channel === this.membership.key ? from !== this.membership.resumes : channel === from));
  }

  override receive(frame: Frame): void {
    const { type, data, channel } = frame;
    if (type === "contest_room_joined") this.#joined(frame);
    else if (type === "spectator_count") this.#set("spectatorCount", number(frame.count), channel);
    else if (type === "admin_presence") this.#set("adminPresent", frame.active === true, channel);
    else if (type === "user_presence") this.#present(frame);
    else if (type === "chat_message_deleted") this.remove("chat", frame.id);
    else if (isRecord(data)) {
      const name = DATA.get(type);
      if (name) return this.#set(name, data, channel);
      if (type !== "chat_message" || !number(data.id)) return;
      this.put("chat", data.id, { ...data, status: "sent" }, this.membership.resumes);
      this.remove("chat", data.messageId);
    }
  }

  forget(): void {
    this.remove("role");
    this.remove("participant");
    // The keys of messages that are stored are numbers.
    for (const [key] of this.held.entries("chat")) if (!Number(key)) this.remove("chat", key);
  }

  protected override compose(): RoomValue {
    const value = Object.fromEntries(NAMES.map((name) => [name, this.held.get(name)]));
    return { ...value, chat: this.held.list("chat", storedFirst) } as unknown as RoomValue;
  }

  #set(name: string, value: unknown, channel?: unknown): void {
    if (value !== undefined) this.put(name, undefined, value, channel);
  }

  #joined(frame: Frame): void {
    this.#set("role", text(frame.role));
    // The server names those who came last first.
    this.#set("members", records(frame.members).reverse());
    this.#set("memberCount", number(frame.memberCount));
    this.#set("spectatorCount", number(frame.spectatorCount), `contest.${this.#contestId}`);
  }

  #present({ action, user }: Frame): void {
    if (!isRecord(user)) return;
    const { members, memberCount = 0 } = this.compose();
    const others = members.filter(({ wallet }) => wallet !== user.wallet);
    const isListed = others.length < members.length;
    if (action === "join" && !isListed) {
      this.#set("members", [...others, user]);
      this.#set("memberCount", memberCount + 1);
    } else if (action === "leave" && (isListed || memberCount > others.length)) {
      this.#set("members", others);
      this.#set("memberCount", memberCount - 1);
    }
  }
}

/** Messages that are not stored have no id, and stay in the order in which they were sent. */
function storedFirst(a: ChatEntry, b: ChatEntry): number {
  return (a.id ?? Infinity) - (b.id ?? Infinity);
}
