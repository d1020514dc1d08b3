import { inside, type Client } from "../client.js";
import { isRecord, number, records, text, type Frame } from "../core/frame.js";
import { roomMembership } from "../core/membership.js";
import type { DuelcastError } from "../errors.js";
import type {
  ChatMessage,
  ContestRoomJoined,
  ContestView,
  Leaderboard,
  Participant,
  RoomMember,
} from "../generated/messages.js";
import { request } from "../shell/calls.js";
import type { Link } from "../shell/link.js";
import { uuid } from "../shell/uuid.js";
import { Chat, type ChatEntry } from "./chat.js";
import type { Flush } from "./flush.js";
import { FollowedStore, type Store } from "./store.js";

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

type Facts = Omit<RoomValue, "chat">;
const NOTHING: Facts = {
  role: undefined,
  contest: undefined,
  leaderboard: undefined,
  participant: undefined,
  members: [],
  memberCount: undefined,
  spectatorCount: undefined,
  adminPresent: undefined,
};

class ContestRoom extends FollowedStore<RoomValue> implements Room {
  readonly #link: Link;
  readonly #contestId: number;
  readonly #chat = new Chat();
  #facts = NOTHING;
  #value: RoomValue = { ...NOTHING, chat: [] };
  /** The members of the value that the snapshot under way has not contained yet. */
  readonly #absent = new Set<keyof Facts>();

  constructor(flush: Flush, link: Link, contestId: number) {
    super(flush, (follower) => link.follow(roomMembership(contestId), follower));
    this.#link = link;
    this.#contestId = contestId;
  }

  override get(): RoomValue {
    return this.#value;
  }

  async send(
    content: string,
    { messageId = uuid() }: { readonly messageId?: string | undefined } = {},
  ): Promise<ChatMessage> {
    const unwant = this.want();
    this.#chat.pending(messageId, content);
    this.changed();
    try {
      const command = { type: "send_chat_message", contestId: this.#contestId, text: content, messageId };
      const answer = await request(this.#link, command);
      this.#chat.receive(answer);
      return answer as unknown as ChatMessage;
    } catch (error) {
      this.#chat.failed(messageId, error as DuelcastError);
      throw error;
    } finally {
      this.changed();
      unwant();
    }
  }

  dismiss(messageId: string): void {
    this.#chat.dismiss(messageId);
    this.changed();
  }

  override begin(channel = ""): void {
    const [family] = channel.split(".");
    if (family === "chat") this.#chat.begin();
    else if (family === "leaderboard" || family === "participant") this.#absent.add(family);
  }

  override receive(frame: Frame): void {
    const { type, data } = frame;
    if (type === "contest_room_joined") this.#joined(frame);
    else if (type === "contest_state") this.#set("contest", data);
    else if (type === "leaderboard_update") this.#set("leaderboard", data);
    else if (type === "participant_update") this.#set("participant", data);
    else if (type === "spectator_count") this.#patch({ spectatorCount: number(frame.count) });
    else if (type === "admin_presence") this.#patch({ adminPresent: frame.active === true });
    else if (type === "user_presence") this.#present(frame);
    else this.#chat.receive(frame);
    this.changed();
  }

  forget(): void {
    this.#patch({ role: undefined, participant: undefined });
    this.changed();
  }

  protected override complete(): void {
    for (const member of this.#absent) this.#patch({ [member]: undefined });
    this.#absent.clear();
    this.#chat.complete();
  }

  protected override publishValue(): Iterable<() => void> | undefined {
    const next: RoomValue = { ...this.#facts, chat: this.#chat.entries };
    const isSame = (Object.keys(next) as (keyof RoomValue)[]).every((key) => Object.is(next[key], this.#value[key]));
    if (isSame) return undefined;
    this.#value = next;
    return [];
  }

  #joined(frame: Frame): void {
    if (frame.recovered !== true) this.begin("chat");
    this.#absent.add("leaderboard").add("participant").add("contest");
    this.#patch({
      role: text(frame.role),
      // The server names those who came last first.
      members: (records(frame.members) as unknown as RoomMember[]).reverse(),
      memberCount: number(frame.memberCount),
      spectatorCount: number(frame.spectatorCount),
    });
  }

  #present({ action, user }: Frame): void {
    if (!isRecord(user) || typeof user.wallet !== "string") return;
    const { wallet } = user;
    const others = this.#facts.members.filter((member) => member.wallet !== wallet);
    const isMember = others.length < this.#facts.members.length;
    const memberCount = this.#facts.memberCount ?? 0;
    const areAllListed = memberCount <= this.#facts.members.length;
    if (action === "join" && !isMember) {
      const member: Occupant = { wallet, nickname: text(user.nickname) ?? null };
      this.#patch({ members: [...others, member], memberCount: memberCount + 1 });
    } else if (action === "leave" && (isMember || !areAllListed)) {
      this.#patch({ members: others, memberCount: Math.max(0, memberCount - 1) });
    }
  }

  #set(member: "contest" | "leaderboard" | "participant", data: unknown): void {
    if (!isRecord(data)) return;
    this.#absent.delete(member);
    this.#patch({ [member]: data });
  }

  #patch(change: Partial<Facts>): void {
    this.#facts = { ...this.#facts, ...change };
  }
}
