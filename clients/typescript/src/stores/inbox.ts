import { inside, type Client } from "../client.js";
import { elements, number, records, type Frame } from "../core/frame.js";
import type { Membership } from "../core/membership.js";
import type { Notification, ReadConfirmed } from "../generated/messages.js";
import { request } from "../shell/calls.js";
import { ComposedStore, type Store } from "./store.js";

/** The value of an inbox. */
export interface InboxValue {
  /** How many notifications are not read; `undefined` until the server has sent the count, and without a token. */
  readonly unread: { readonly count: number; readonly version: number } | undefined;
  /** The unread notifications at the time of connecting (up to 20) and those that came later, newest first. */
  readonly notifications: readonly Notification[];
  /** The announcements to everybody, newest first. */
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
  return once("inbox", () => new UserInbox(flush, link("notifications"), MEMBERSHIP));
}

const ANNOUNCEMENTS = "system.announcements";
const MEMBERSHIP: Membership = { key: "inbox", join: "connecting", covers: () => true };

class UserInbox extends ComposedStore<InboxValue> implements Inbox {
  markRead(ids: readonly number[]): Promise<ReadConfirmed> {
    return request(this.link, { type: "mark_read", ids });
  }

  markAllRead(types?: readonly string[]): Promise<ReadConfirmed> {
    return request(this.link, { type: "mark_all_read", types });
  }

  override receive(frame: Frame): void {
    const { type, data, channel } = frame;
    const family = channel === ANNOUNCEMENTS ? "announcements" : "notifications";
    if (type === "notification" || type === "notification_batch") {
      for (const one of records([data].flat())) this.put(family, one.id, one, channel);
    } else if (type === "notification_removed") {
      for (const id of elements(frame.ids)) this.remove(family, id);
    } else if (type === "read_confirmed") {
      this.#read(frame);
    } else if (type === "unread_count") {
      const { count, version } = frame;
      const known = this.compose().unread;
      // The versions begin anew with a snapshot.
      const isOld = known && !this.held.isAbsent("unread") && !(Number(version) > known.version);
      if (number(version) !== undefined && !isOld) this.put("unread", undefined, { count, version }, channel);
    }
  }

  forget(): void {
    this.remove("unread");
    for (const { id } of this.compose().notifications) this.remove("notifications", id);
  }

  protected override compose(): InboxValue {
    return {
      unread: this.held.get("unread") as InboxValue["unread"],
      notifications: this.held.list("notifications", newestFirst),
      announcements: this.held.list("announcements", newestFirst),
    };
  }

  #read({ ids, all, types, timestamp, channel }: Frame): void {
    for (const one of this.compose().notifications) {
      const isOfTypes = !types || elements(types).includes(one.type);
      const isNamed = all === true ? isOfTypes : elements(ids).includes(one.id);
      if (isNamed && !one.read) this.put("notifications", one.id, { ...one, read: true, read_at: timestamp }, channel);
    }
  }
}

function newestFirst(a: Notification, b: Notification): number {
  return b.id - a.id;
}
