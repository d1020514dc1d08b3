import type { DuelcastError } from "@duelcast/client";
import { useEffect, useState, type ReactNode } from "react";
import { age } from "../app/format";
import { serverNow, useNow } from "../app/now";
import { texts } from "../app/texts";

type Status = "loading" | "live" | "stale" | "refused";

interface Props {
  readonly status: Status;
  /** Whether there are data although they are still loading, such as those that another view has asked for. */
  readonly isKnown?: boolean;
  readonly error?: DuelcastError | undefined;
  /** When the data arrived, in epoch milliseconds; by default, when they were last live. */
  readonly at?: number | undefined;
  readonly retry?: (() => void) | undefined;
}

/** What a view says of data that are not complete, not current or not there; nothing while they are live. */
export function LiveState({ status, isKnown = false, error, at, retry }: Props): ReactNode {
  const lastLive = useLastLive(status);
  const since = at ?? lastLive;
  const old = status === "stale" && since !== undefined && <Age at={since} />;
  if (error !== undefined) {
    return (
      <div className="notice" data-tone="bad" role="alert">
        <p>{error.message}</p>
        <p className="dim">{texts.states.error(error.code)}</p>
        {old}
        {retry && (
          <button type="button" onClick={retry}>
            {texts.states.retry}
          </button>
        )}
      </div>
    );
  }
  if (status === "loading" && !isKnown) return <p className="loading">{texts.states.loading}</p>;
  return old;
}

/** When data were last live; undefined if they have not been since the view was opened. */
function useLastLive(status: Status): number | undefined {
  const [at, setAt] = useState<number>();
  useEffect(() => (status === "live" ? () => setAt(serverNow()) : undefined), [status]);
  return at;
}

/** How old data are. */
function Age({ at }: { at: number }): ReactNode {
  return <p className="dim">{texts.states.stale(age(useNow(), at))}</p>;
}
