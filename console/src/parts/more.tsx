import { useLayoutEffect, useRef, type ReactNode } from "react";
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
  const end = useRef<HTMLDivElement>(null);
  const isAsked = useRef(false);
  useLayoutEffect(() => {
    if (isLoading) return;
    // The button goes with the last page, and with it the focus.
    if (isAsked.current && document.activeElement === document.body) end.current?.focus({ preventScroll: true });
    isAsked.current = false;
  }, [isLoading]);

  if (error || rows === undefined) return <LiveState status={status} error={error} at={at} retry={more} />;
  return (
    <div ref={end} tabIndex={-1} className="end-of-rows">
      {hasMore && (
        <Button
          type="button"
          className="more"
          isOff={isLoading}
          onClick={() => {
            isAsked.current = true;
            more();
          }}
        >
          {label}
        </Button>
      )}
    </div>
  );
}
