import { useCallback, useRef } from "react";
import { uuid } from "./uuid";

/** Gives a request the same key as long as its body is the same, so that trying again cannot do it twice. */
export function useIdempotencyKey(): (body: unknown) => string {
  const last = useRef({ body: "", key: "" });
  return useCallback((body) => {
    const text = JSON.stringify(body);
    if (last.current.body !== text) last.current = { body: text, key: uuid() };
    return last.current.key;
  }, []);
}
