import { useEffect, useState } from "react";
import { serverNow } from "../app/now";

/** When the data of a store were last live, in epoch milliseconds of the server; undefined while they are, or never were. */
export function useLastLive(status: "loading" | "live" | "stale" | "refused"): number | undefined {
  const [at, setAt] = useState<number>();
  useEffect(() => {
    if (status === "live") return () => setAt(serverNow());
    return undefined;
  }, [status]);
  return status === "live" ? undefined : at;
}
