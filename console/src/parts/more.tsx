import type { ReactNode } from "react";
import type { Pages } from "../data/pages";
import { Button } from "./button";
import { LiveState } from "./live-state";

interface Props {
  readonly pages: Omit<Pages<unknown>, "edit">;
  /** What the button says that reads the next page. */
  readonly label: string;
}

/** What stands below the rows of pages: loading, an error, or the way to the next page. */
export function More({ pages: { rows, status, at, hasMore, error, isLoading, more }, label }: Props): ReactNode {
  if (error || rows === undefined) return <LiveState status={status} error={error} at={at} retry={more} />;
  return (
    hasMore && (
      <Button type="button" className="more" isOff={isLoading} onClick={more}>
        {label}
      </Button>
    )
  );
}
