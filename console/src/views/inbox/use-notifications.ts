import { endpoint } from "@duelcast/client";
import { useInbox, type Live } from "@duelcast/client/react";
import type { Notification } from "@duelcast/client/types";
import { useEffect } from "react";
import { client } from "../../app/session";
import { usePages, type Pages } from "../../data/pages";
import { useWhenBack } from "../../data/when-back";
import { isShown, marked, merged, type Shown } from "./lists";

const PAGE_SIZE = 30;
const account = endpoint(client, "notifications");

/** The notifications that are shown, newest first, and the older ones that can be asked for. */
export interface Notifications {
  readonly shown: readonly Notification[];
  /** All that are known, whatever is shown. */
  readonly known: readonly Notification[];
  readonly pages: Pages<Notification>;
}

/** The notifications of a user, of which the live ones come without asking; only those without a wallet. */
export function useNotifications(wallet: string | undefined, shown: Shown): Notifications {
  const { value, status } = useInbox();
  const all = useStored(wallet, status, { type: undefined, isUnreadOnly: false });
  const isAll = shown.type === undefined && !shown.isUnreadOnly;
  const some = useStored(isAll ? undefined : wallet, status, shown);
  const pages = isAll ? all : some;
  const known = merged(value.notifications, [...(all.rows ?? []), ...(some.rows ?? [])]);
  return { shown: known.filter((one) => isShown(one, shown)), known, pages };
}

/** Pages of what the server stores, changed as the user marks notifications here or elsewhere. */
function useStored(
  wallet: string | undefined,
  status: Live<unknown>["status"],
  { type, isUnreadOnly }: Shown,
): Pages<Notification> {
  const key = wallet === undefined ? undefined : `${wallet} ${type ?? ""} ${isUnreadOnly}`;
  const pages = usePages(key, (cursor, signal) => {
    const types = type === undefined ? undefined : [type];
    return account.request(
      "get_notifications",
      { limit: PAGE_SIZE, cursor, types, onlyUnread: isUnreadOnly },
      { signal },
    );
  });
  const { again, edit } = pages;
  useWhenBack(status, (was) => {
    // Without a connection, nobody tells of what is marked elsewhere.
    if (was === "stale" || pages.error) again();
  });
  useEffect(() => {
    const ends = [
      account.on("read_confirmed", (message) => edit((rows) => marked(rows, message))),
      account.on("notification_removed", ({ ids }) => edit((rows) => rows.filter(({ id }) => !ids.includes(id)))),
    ];
    return () => ends.forEach((end) => end());
  }, [edit]);
  return pages;
}
