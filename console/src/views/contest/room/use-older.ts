import { endpoint, room, type ChatEntry } from "@duelcast/client";
import { useEffect, useState } from "react";
import { client } from "../../../app/session";
import { useAction, type Action } from "../../../data/action";
import { attached, deleted, merged, NO_PAGES, oldest, prepended } from "./pages";

const PAGE = 50;

/** A chat with the older messages that were loaded. */
export interface Chronicle extends Pick<Action, "isBusy" | "error"> {
  readonly entries: readonly ChatEntry[];
  readonly hasOlder: boolean;
  loadOlder(): void;
}

export function useOlder(contestId: number, chat: readonly ChatEntry[]): Chronicle {
  const [loaded, setPages] = useState(NO_PAGES);
  const { run, isBusy, error } = useAction();
  const pages = attached(loaded, chat);
  const beforeId = oldest(pages, chat);

  useEffect(() => {
    return endpoint(client, "contest").on("chat_message_deleted", ({ contestId: where, id }) => {
      if (where === contestId) setPages((before) => deleted(before, room(client, contestId).get().chat, id));
    });
  }, [contestId]);

  function loadOlder(): void {
    if (isBusy || beforeId === undefined) return;
    void run(async () => {
      const page = await endpoint(client, "contest").request("get_chat_messages", { contestId, beforeId, limit: PAGE });
      const here = room(client, contestId).get().chat;
      setPages((before) => {
        const current = attached(before, here);
        // The chat may have begun anew in the meantime.
        return oldest(current, here) === beforeId ? prepended(current, here, page) : current;
      });
    });
  }

  return { entries: merged(pages, chat), hasOlder: beforeId !== undefined && pages.hasMore, loadOlder, isBusy, error };
}
