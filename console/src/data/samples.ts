import { market } from "@duelcast/client";
import { client } from "../app/session";
import { signal, useSignal } from "../app/signal";

const PERIOD_MS = 5000;
const MOST = 60;

/** By symbol, the prices since the page was opened, one every five seconds: those of the last five minutes. */
const samples = signal<ReadonlyMap<string, readonly number[]>>(new Map());
const NONE: readonly number[] = [];
let timer: ReturnType<typeof setInterval> | undefined;
let readers = 0;

/** The prices of a symbol since the page was opened. */
export function useSamples(symbol: string): readonly number[] {
  return useSignal(sampled).get(symbol) ?? NONE;
}

/** Prices are sampled as long as somebody shows them. */
const sampled = {
  ...samples,
  subscribe(listener: () => void): () => void {
    const unsubscribe = samples.subscribe(listener);
    readers += 1;
    timer ??= setInterval(sample, PERIOD_MS);
    return () => {
      unsubscribe();
      readers -= 1;
      if (readers > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  },
};

function sample(): void {
  const next = new Map(samples.get());
  for (const [symbol, { price }] of market(client, "*").get()) {
    next.set(symbol, [...(next.get(symbol) ?? NONE).slice(1 - MOST), price]);
  }
  samples.set(next);
}
