import { channel, endpoint, type DuelcastError } from "@duelcast/client";
import type { ErrorRecord, GetRecentErrors } from "@duelcast/client/types";
import { useStore } from "@duelcast/client/react";
import { useCallback, useEffect, useState } from "react";
import { client } from "../../app/session";
import { asError } from "../../data/reading";
import { useWhenBack } from "../../data/when-back";

/** Recorded errors, newest first. */
export interface RecentErrors {
  readonly records: readonly ErrorRecord[];
  /** How many match, including those that are not in `records`. */
  readonly total: number;
  /** `stale` while the connection is lost, so that new errors do not arrive. */
  readonly status: "loading" | "live" | "stale";
  readonly error: DuelcastError | undefined;
  again(): void;
}

type Found = Pick<RecentErrors, "records" | "total"> & { readonly key: string };

const KEPT = 500;

/** The stored errors that match, at most 100, and those that occur while the component is mounted. */
export function useRecentErrors({ service, level, limit }: GetRecentErrors): RecentErrors {
  const key = `${service} ${level} ${limit}`;
  const [found, setFound] = useState<Found>();
  const [failure, setFailure] = useState<{ readonly attempt: string; readonly error: DuelcastError }>();

  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((before) => before + 1), []);
  const attempt = `${key} ${round}`;

  useEffect(() => {
    const cancelling = new AbortController();
    const { signal } = cancelling;
    endpoint(client, "monitor")
      .request("get_recent_errors", { service, level, limit }, { signal })
      .then(
        ({ data, totalErrors }) => {
          if (signal.aborted) return;
          setFound((before) => {
            const known = before?.key === key ? before.records : [];
            return { key, records: withRecords(known, data), total: totalErrors };
          });
        },
        (error: unknown) => {
          if (!signal.aborted) setFailure({ attempt, error: asError(error) });
        },
      );
    return () => cancelling.abort();
  }, [key, service, level, limit, attempt]);

  const errors = channel(client, "monitor", "system.errors");
  const { status } = useStore(errors);
  useWhenBack(status, (was) => was !== "loading" && again());

  useEffect(() => {
    return errors.on(({ data }) => {
      const isWanted =
        (service === undefined || data.service === service) && (level === undefined || data.level === level);
      if (isWanted) setFound((before) => before && withNew(before, data));
    });
  }, [errors, service, level]);

  const isCurrent = found?.key === key;
  return {
    records: isCurrent ? found.records : [],
    total: isCurrent ? found.total : 0,
    status: !isCurrent ? "loading" : status === "stale" ? "stale" : "live",
    error: failure?.attempt === attempt ? failure.error : undefined,
    again,
  };
}

/** Records with others, of which those with a known id replace the known ones; newest first. */
export function withRecords(before: readonly ErrorRecord[], more: readonly ErrorRecord[]): ErrorRecord[] {
  const byId = new Map([...before, ...more].map((one) => [one.id, one]));
  return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, KEPT);
}

function withNew(before: Found, record: ErrorRecord): Found {
  const isKnown = before.records.some(({ id }) => id === record.id);
  return { ...before, records: withRecords(before.records, [record]), total: before.total + (isKnown ? 0 : 1) };
}
