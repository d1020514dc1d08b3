import type { DuelcastError } from "@duelcast/client";
import { useState } from "react";
import { asError } from "./reading";

/** Something that the user asks the server to do. */
export interface Action<T> {
  readonly isPending: boolean;
  /** Why the last attempt failed. */
  readonly error: DuelcastError | undefined;
  /** The outcome of the last attempt, if it succeeded. */
  readonly outcome: T | undefined;
  /** Starts an attempt. */
  run(call: () => Promise<T>, done?: (outcome: T) => void): void;
  /** Forgets the last attempt. */
  clear(): void;
}

interface Attempt<T> {
  readonly isPending?: boolean;
  readonly error?: DuelcastError;
  readonly outcome?: T;
}

export function useAction<T>(): Action<T> {
  const [{ isPending = false, error, outcome }, setAttempt] = useState<Attempt<T>>({});
  return {
    isPending,
    error,
    outcome,
    run(call, done) {
      setAttempt({ isPending: true });
      call().then(
        (result) => {
          setAttempt({ outcome: result });
          done?.(result);
        },
        (failure: unknown) => setAttempt({ error: asError(failure) }),
      );
    },
    clear: () => setAttempt({}),
  };
}
