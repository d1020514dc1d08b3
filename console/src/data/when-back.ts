import type { Live } from "@duelcast/client/react";
import { useEffect, useEffectEvent, useRef } from "react";

type Status = Live<unknown>["status"];

/** Calls `back` when data are live after they were not: a connection that was lost has missed what happened meanwhile. */
export function useWhenBack(status: Status, back: (was: Status) => void): void {
  const last = useRef(status);
  const onBack = useEffectEvent(back);
  useEffect(() => {
    const was = last.current;
    last.current = status;
    if (status === "live" && was !== "live") onBack(was);
  }, [status]);
}
