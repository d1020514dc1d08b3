import { inside, type Client } from "../client.js";
import { number, records, text, type Frame } from "../core/frame.js";
import type { Membership } from "../core/membership.js";
import type { Notification, ReadConfirmed } from "../generated/messages.js";
import { request } from "../shell/calls.js";
import type { Link } from "../shell/link.js";
import type { Flush } from "./flush.js";
import { FollowedStore, type Store } from "./store.js";

/** What an inbox holds. */
export interface InboxValue {
  /** How many notifications are not read; `undefined` until the server has said so, and without a token. */
  readonly unread: { readonly count: number; readonly version: number } | undefined;
  /** The unread notifications at the time of connecting (up to 20) and those that came later, newest first. */
  readonly notifications: readonly Notification[];
  /** What is announced to everybody, newest first. */
  readonly announcements: readonly Notification[];
}

/** The notifications of the user. */
export interface Inbox extends Store<InboxValue> {
  /** Marks notifications as read; marking one again changes nothing. Rejects with a `DuelcastError`. */
  markRead(ids: readonly number[]): Promise<ReadConfirmed>;
  /** Marks all notifications as read, or those of some types. Rejects with a `DuelcastError`. */
  markAllRead(types?: readonly string[]): Promise<ReadConfirmed>;
}

/** The notifications of the user, or without a token the announcements alone. */
export function inbox(client: Client): Inbox {
  const { flush, link, once } = inside(client);
  return once("inbox", () => new UserInbox(flush, link("notifications")));
}

const ANNOUNCEMENTS = "system.announcements";
const MEMBERSHIP: Membership = { key: "inbox", join: "connecting", covers: () => true };

class UserInbox extends FollowedStore<InboxValue> implements Inbox {
  readonly #link: Link;
  readonly #notifications = new Notifications();
  readonly #announcements = new Notifications();
  #unread: InboxValue["unread"];
  /** Whether the next count is that of a snapshot, whose versions may begin anew. */
  #isUnreadAnew = false;
  #value: InboxValue = { unread: undefined, notifications: [], announcements: [] };

  constructor(flush: Flush, link: Link) {
    super(flush, (follower) => link.follow(MEMBERSHIP, follower));
    this.#link = link;
  }

  override get(): InboxValue {
    return this.#value;
  }

  markRead(ids: readonly number[]): Promise<ReadConfirmed> {
    return request(this.#link, { type: "mark_read", ids }) as Promise<unknown> as Promise<ReadConfirmed>;
  }

  markAllRead(types?: readonly string[]): Promise<ReadConfirmed> {
    const command = { type: "mark_all_read", ...(types && { types }) };
    return request(this.#link, command) as Promise<unknown> as Promise<ReadConfirmed>;
  }

  override begin(channel?: string): void {
    if (channel !== ANNOUNCEMENTS) {
      this.#notifications.begin();
      this.#isUnreadAnew = true;
    }
    if (channel === undefined || channel === ANNOUNCEMENTS) this.#announcements.begin();
  }

  override receive(frame: Frame): void {
    const { type, data } = frame;
    const notifications = frame.channel === ANNOUNCEMENTS ? this.#announcements : this.#notifications;
    if (type === "notification") notifications.add(records([data]));
    else if (type === "notification_batch") notifications.add(records(data));
    else if (type === "notification_removed") notifications.remove(frame.ids);
    else if (type === "read_confirmed") this.#notifications.read(frame);
    else if (type === "unread_count") this.#count(number(frame.count), number(frame.version));
    this.changed();
  }

  forget(): void {
    this.#notifications.clear();
    this.#unread = undefined;
    this.changed();
  }

  protected override complete(): void {
    this.#notifications.complete();
    this.#announcements.complete();
  }

  protected override publishValue(): Iterable<() => void> | undefined {
    const next: InboxValue = {
      unread: this.#unread,
      notifications: this.#notifications.list,
      announcements: this.#announcements.list,
    };
    const isSame = (Object.keys(next) as (keyof InboxValue)[]).every((key) => next[key] === this.#value[key]);
    if (isSame) return undefined;
    this.#value = next;
    return [];
  }

  #count(count: number | undefined, version: number | undefined): void {
    if (count === undefined || version === undefined) return;
    if (!this.#isUnreadAnew && this.#unread !== undefined && version <= this.#unread.version) return;
    this.#isUnreadAnew = false;
    this.#unread = { count, version };
  }
}

/** Notifications by id. */
class Notifications {
  readonly #byId = new Map<number, Notification>();
  /** Those that the snapshot under way has not contained yet. */
  #absent: Set<number> | undefined;
  #list: readonly Notification[] | undefined = [];

  /** Newest first; the same list until something in it has changed. */
  get list(): readonly Notification[] {
    return (this.#list ??= [...this.#byId.values()].sort(newestFirst));
  }

  begin(): void {
    this.#absent = new Set(this.#byId.keys());
  }

  complete(): void {
    for (const id of this.#absent ?? []) this.#delete(id);
    this.#absent = undefined;
  }

  add(notifications: readonly Readonly<Record<string, unknown>>[]): void {
    for (const one of notifications) {
      const id = number(one.id);
      if (id === undefined) continue;
      this.#absent?.delete(id);
      this.#byId.set(id, one as unknown as Notification);
      this.#list = undefined;
    }
  }

  remove(ids: unknown): void {
    for (const id of Array.isArray(ids) ? ids : []) this.#delete(id as number);
  }

  /** Marks those that a confirmation names. */
  read({ ids, all, types, timestamp }: Frame): void {
    for (const [id, one] of this.#byId) {
      const isNamed =
        all === true ? !Array.isArray(types) || types.includes(one.type) : Array.isArray(ids) && ids.includes(id);
      if (!isNamed || one.read) continue;
      this.#byId.set(id, { ...one, read: true, read_at: text(timestamp) ?? null });
      this.#list = undefined;
    }
  }

  clear(): void {
    this.#byId.clear();
    this.#list = undefined;
  }

  #delete(id: number): void {
    if (this.#byId.delete(id)) this.#list = undefined;
  }
}

function newestFirst(a: Notification, b: Notification): number {
  if (a.timestamp !== b.timestamp) return String(a.timestamp) < String(b.timestamp) ? 1 : -1;
  return b.id - a.id;
}
