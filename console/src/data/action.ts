import type { DuelcastError } from "@duelcast/client";
import { useState } from "react";
import { asError } from "./reading";

/** Something that the user has done, and that the server must confirm. */
export interface Action {
  /** Runs a request; resolves with whether it has succeeded. The error of one that has failed stays until the next. */
  run(request: () => Promise<unknown>): Promise<boolean>;
  readonly isBusy: boolean;
  /** Whether the last request has succeeded. */
  readonly isDone: boolean;
  readonly error: DuelcastError | undefined;
}

export function useAction(): Action {
  const [isBusy, setIsBusy] = useState(false);
  const [isDone, setIsDone] = useState(false);
  const [error, setError] = useState<DuelcastError>();

  async function run(request: () => Promise<unknown>): Promise<boolean> {
    setIsBusy(true);
    setIsDone(false);
    setError(undefined);
    try {
      await request();
      setIsDone(true);
      return true;
    } catch (failure) {
      setError(asError(failure));
      return false;
    } finally {
      setIsBusy(false);
    }
  }

  return { run, isBusy, isDone, error };
}
