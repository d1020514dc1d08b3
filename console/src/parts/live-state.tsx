import type { DuelcastError } from "@duelcast/client";
import type { ReactNode } from "react";
import { age } from "../app/format";
import { useNow } from "../app/now";
import { texts } from "../app/texts";

interface Props {
  readonly status: "loading" | "live" | "stale" | "refused";
  readonly error?: DuelcastError | undefined;
  /** When the data arrived, in epoch milliseconds. */
  readonly at?: number | undefined;
  readonly retry?: (() => void) | undefined;
}

/** What a view says of data that are not complete, not current or not there; nothing while they are live. */
export function LiveState({ status, error, at, retry }: Props): ReactNode {
  if (error !== undefined) {
    return (
      <div className="notice" data-tone="bad" role="alert">
        <p>{error.message}</p>
        <p className="dim">{texts.states.error(error.code)}</p>
        {retry && (
          <button type="button" onClick={retry}>
            {texts.states.retry}
          </button>
        )}
      </div>
    );
  }
  if (status === "loading") return <p className="loading">{texts.states.loading}</p>;
  if (status === "stale" && at !== undefined) return <Age at={at} />;
  return null;
}

/** How old data are. */
function Age({ at }: { at: number }): ReactNode {
  return <p className="dim">{texts.states.stale(age(useNow(), at))}</p>;
}
