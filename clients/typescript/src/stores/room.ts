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
import { request } from "../shell/calls.js";
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

/** What a room holds; members are `undefined` until they have arrived. */
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

/** The room of a contest. */
export interface Room extends Store<RoomValue> {
  /**
   * Sends a chat message, and resolves once it is stored. Until then it is `pending` in the chat; if it is refused, it is
   * `failed` there, and the promise rejects with the `DuelcastError`. It is stored once, however often it must be sent.
   * With the `messageId` of a message that has failed, it takes the place of that message.
   */
  send(content: string, options?: { readonly messageId?: string | undefined }): Promise<ChatMessage>;
  /** Removes a message of one's own that has failed. */
  dismiss(messageId: string): void;
}

/** The room of a contest, which is joined as long as it has listeners. */
export function room(client: Client, contestId: number): Room {
  const { flush, link, once } = inside(client);
  return once(`room ${contestId}`, () => new ContestRoom(flush, link("contest"), contestId));
}

const MEMBERS = [
  "role",
  "contest",
  "leaderboard",
  "participant",
  "members",
  "memberCount",
  "spectatorCount",
  "adminPresent",
] as const satisfies readonly (keyof RoomValue)[];

class ContestRoom extends ComposedStore<RoomValue> implements Room {
  readonly #contestId: number;
  #chat: readonly ChatEntry[] = [];

  constructor(flush: Flush, link: Link, contestId: number) {
    super(flush, link, roomMembership(contestId));
    this.#contestId = contestId;
  }

  async send(
    content: string,
    { messageId = uuid() }: { readonly messageId?: string | undefined } = {},
  ): Promise<ChatMessage> {
    const unwant = this.want();
    const own = { messageId, text: content };
    this.put("own", messageId, { ...own, status: "pending" });
    try {
      const command = { type: "send_chat_message", contestId: this.#contestId, ...own };
      const answer = await request(this.link, command);
      this.receive(answer);
      return answer as unknown as ChatMessage;
    } catch (error) {
      // It may have come as a push nevertheless.
      if (this.held.get("own", messageId) !== undefined) this.put("own", messageId, { ...own, status: "failed", error });
      throw error;
    } finally {
      unwant();
    }
  }

  dismiss(messageId: string): void {
    this.remove("own", messageId);
  }

  override receive(frame: Frame): void {
    const { type, data, channel } = frame;
    if (type === "contest_room_joined") this.#joined(frame);
    else if (type === "contest_state") this.#set("contest", data, channel);
    else if (type === "leaderboard_update") this.#set("leaderboard", data, channel);
    else if (type === "participant_update") this.#set("participant", data, channel);
    else if (type === "spectator_count") this.#set("spectatorCount", number(frame.count), channel);
    else if (type === "admin_presence") this.#set("adminPresent", frame.active === true, channel);
    else if (type === "user_presence") this.#present(frame);
    else if (type === "chat_message_deleted") this.remove("chat", frame.id);
    else if (type === "chat_message" && isRecord(data) && number(data.id) !== undefined) {
      this.put("chat", data.id, { ...data, status: "sent" }, this.#chatChannel);
      this.remove("own", data.messageId);
    }
  }

  forget(): void {
    this.remove("role");
    this.remove("participant");
  }

  protected override compose(): RoomValue {
    const facts = Object.fromEntries(MEMBERS.map((name) => [name, this.held.get(name)]));
    const [stored, own] = [this.held.list("chat", byId), this.held.list<ChatEntry>("own")];
    const chat = [...stored, ...own];
    if (chat.length !== this.#chat.length || chat.some((one, index) => one !== this.#chat[index])) this.#chat = chat;
    return { ...(facts as unknown as RoomValue), members: this.#members, chat: this.#chat };
  }

  get #members(): readonly Occupant[] {
    return (this.held.get("members") as readonly Occupant[] | undefined) ?? NOBODY;
  }

  get #chatChannel(): string {
    return `chat.${this.#contestId}`;
  }

  #set(name: string, value: unknown, channel?: unknown): void {
    if (value !== undefined && value !== null) this.put(name, undefined, value, channel);
  }

  #joined(frame: Frame): void {
    // `recovered` concerns the chat; everything else comes as a snapshot.
    this.held.begin((channel) => frame.recovered !== true || channel !== this.#chatChannel);
    this.#set("role", text(frame.role));
    // The server names those who came last first.
    this.#set("members", records(frame.members).reverse());
    this.#set("memberCount", number(frame.memberCount));
    this.#set("spectatorCount", number(frame.spectatorCount), `contest.${this.#contestId}`);
  }

  #present({ action, user }: Frame): void {
    if (!isRecord(user) || typeof user.wallet !== "string") return;
    const { wallet } = user;
    const others = this.#members.filter((member) => member.wallet !== wallet);
    const isListed = others.length < this.#members.length;
    const count = number(this.held.get("memberCount")) ?? 0;
    if (action === "join" && !isListed) {
      this.#set("members", [...others, { wallet, nickname: text(user.nickname) ?? null }]);
      this.#set("memberCount", count + 1);
    } else if (action === "leave" && (isListed || count > others.length)) {
      this.#set("members", others);
      this.#set("memberCount", count - 1);
    }
  }
}

const NOBODY: readonly Occupant[] = [];

function byId(a: ChatEntry, b: ChatEntry): number {
  return (a.id ?? 0) - (b.id ?? 0);
}
