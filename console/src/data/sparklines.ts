import { http } from "@duelcast/client/http";
import { useEffect } from "react";
import { client } from "../app/session";
import { signal, useSignal } from "../app/signal";
import { returns } from "./connected";

/** How many symbols a request names: fewer than the server permits, so that no answer is large. */
const BATCH = 50;
/** The time that a point of a line stands for. */
const PERIOD_MS = 15 * 60_000;

type Lines = ReadonlyMap<string, readonly number[]>;

/** The prices of the last day by symbol, one for each quarter of an hour. */
const lines = signal<Lines>(new Map());
/** Counts the rounds in which each line is asked for once: one for each point, and one after each lost connection. */
const round = signal(0);
/** By symbol, the last round in which it was asked for. */
const asked = new Map<string, number>();
const wanted = new Set<string>();
const NONE: readonly number[] = [];
let isAsking = false;

const begin = (): void => round.set(round.get() + 1);
setInterval(begin, PERIOD_MS);
returns.subscribe(begin);

/** The prices of the last day of a symbol; empty until they have arrived. */
export function useSparkline(symbol: string): readonly number[] {
  const present = useSignal(round);
  useEffect(() => want(symbol, present), [symbol, present]);
  return useSignal(lines).get(symbol) ?? NONE;
}

/** All symbols that become wanted in the same turn are asked for together. */
function want(symbol: string, present: number): void {
  if (asked.get(symbol) === present) return;
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
      asked.set(symbol, round.get());
    }
    try {
      const found = await http(client, "GET /api/v69/tokens/sparklines", {
        parameters: { symbols: symbols.join(",") },
      });
      const next = new Map(lines.get());
      for (const { symbol, prices } of found.data) next.set(symbol, prices);
      lines.set(next);
    } catch {
      // The line is decoration; it is asked for again in the next round, or when the row is next shown.
      for (const symbol of symbols) asked.delete(symbol);
      break;
    }
  }
  isAsking = false;
}
