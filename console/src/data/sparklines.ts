import { http } from "@duelcast/client/http";
import { useEffect } from "react";
import { client } from "../app/session";
import { signal, useSignal } from "../app/signal";

/** How many symbols a request names: fewer than the server permits, so that no answer is large. */
const BATCH = 50;
const FRESH_MS = 15 * 60_000;

type Lines = ReadonlyMap<string, readonly number[]>;

/** The prices of the last day by symbol, one for each quarter of an hour. */
const lines = signal<Lines>(new Map());
const askedAt = new Map<string, number>();
let isAsking = false;

/** The prices of the last day of a symbol; empty until they have arrived. */
export function useSparkline(symbol: string): readonly number[] {
  useEffect(() => want(symbol), [symbol]);
  return useSignal(lines).get(symbol) ?? NONE;
}

const NONE: readonly number[] = [];
const wanted = new Set<string>();

/** All symbols that become wanted in the same turn are asked for together. */
function want(symbol: string): void {
  const asked = askedAt.get(symbol);
  if (asked !== undefined && Date.now() - asked < FRESH_MS) return;
  wanted.add(symbol);
  if (isAsking) return;
  isAsking = true;
  queueMicrotask(() => void ask());
}

async function ask(): Promise<void> {
  while (wanted.size > 0) {
    const symbols = [...wanted].slice(0, BATCH);
    for (const symbol of symbols) {
      wanted.delete(symbol);
      askedAt.set(symbol, Date.now());
    }
    try {
      const found = await http(client, "GET /api/v69/tokens/sparklines", {
        parameters: { symbols: symbols.join(",") },
      });
      const next = new Map(lines.get());
      for (const { symbol, prices } of found.data) next.set(symbol, prices);
      lines.set(next);
    } catch {
      // The line is decoration; it is asked for again when the row is next shown.
      for (const symbol of symbols) askedAt.delete(symbol);
      break;
    }
  }
  isAsking = false;
}
