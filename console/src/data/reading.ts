import { DuelcastError } from "@duelcast/client";
import { http, type HttpInput, type HttpOperation, type HttpResponse } from "@duelcast/client/http";
import { useCallback, useEffect, useState } from "react";
import { serverNow } from "../app/now";
import { client } from "../app/session";
import { useSignal } from "../app/signal";
import { isConnected, returns } from "./connected";
import { useEvery } from "./use-every";

/** How current something is that was read: it may be out of date after a failure, and while the connection is lost. */
export type Freshness = "loading" | "live" | "stale";

/** The answer to an HTTP request. The last answer stays while another is under way, and after a failure. */
export interface Reading<T> {
  readonly value: T | undefined;
  readonly status: Freshness;
  readonly error: DuelcastError | undefined;
  readonly isLoading: boolean;
  /** When `value` arrived, in epoch milliseconds of the server's clock. */
  readonly at: number | undefined;
  again(): void;
}

interface Outcome<T> {
  readonly key: string;
  readonly value?: T;
  readonly error?: DuelcastError;
  readonly at?: number;
}

/**
 * Reads once, and again when the input changes, the connection has come back, or `again` is called, and with `everyMs` so
 * long after each answer; nothing while `input` is undefined.
 */
export function useReading<Name extends HttpOperation>(
  operation: Name,
  input: HttpInput<Name> | undefined,
  everyMs?: number,
): Reading<HttpResponse<Name>> {
  const [round, setRound] = useState(0);
  const [outcome, setOutcome] = useState<Outcome<HttpResponse<Name>>>({ key: "" });
  const asked = input && JSON.stringify(input);
  const key = `${operation} ${asked}`;
  const attempt = `${key} ${round} ${useSignal(returns)}`;
  const [settled, setSettled] = useState("");

  useEffect(() => {
    if (asked === undefined) return;
    const cancelling = new AbortController();
    const { signal } = cancelling;
    http(client, operation, { ...(JSON.parse(asked) as HttpInput<Name>), signal }).then(
      (value) => {
        if (signal.aborted) return;
        setOutcome({ key, value, at: serverNow() });
        setSettled(attempt);
      },
      (error: unknown) => {
        if (signal.aborted) return;
        setOutcome((before) => ({ ...(before.key === key ? before : { key }), error: asError(error) }));
        setSettled(attempt);
      },
    );
    return () => cancelling.abort();
  }, [operation, asked, key, attempt]);

  const again = useCallback(() => setRound((before) => before + 1), []);
  const isLoading = asked !== undefined && settled !== attempt;
  useEvery(asked === undefined || isLoading ? undefined : everyMs, again);
  const { value, error, at }: Partial<Outcome<HttpResponse<Name>>> = outcome.key === key ? outcome : {};
  return {
    value,
    status: useFreshness(value !== undefined, error),
    error,
    at,
    isLoading,
    again,
  };
}

export function useFreshness(hasArrived: boolean, error: DuelcastError | undefined): Freshness {
  const isFresh = useSignal(isConnected) && error === undefined;
  if (!hasArrived) return "loading";
  return isFresh ? "live" : "stale";
}

/** Whatever was thrown, as an error that can be shown. */
export function asError(error: unknown): DuelcastError {
  return error instanceof DuelcastError ? error : new DuelcastError("UNKNOWN", String(error));
}
