import type { ReactNode } from "react";
import { operateTexts } from "../../app/texts/operate";
import type { Pages } from "../../data/pages";
import { LiveState } from "../../parts/live-state";

/** Pages that can only grow. */
export type Growing<T> = Pick<Pages<T>, "rows" | "hasMore" | "error" | "isLoading" | "more">;

/** What stands below the rows of pages: loading, an error, or the way to the next page. */
export function More<T>({ pages: { rows, hasMore, error, isLoading, more } }: { pages: Growing<T> }): ReactNode {
  if (error) return <LiveState status="live" error={error} retry={more} />;
  if (rows === undefined) return <LiveState status="loading" />;
  if (!hasMore) return null;
  return (
    <button type="button" className="more-rows" disabled={isLoading} onClick={more}>
      {operateTexts.more}
    </button>
  );
}
