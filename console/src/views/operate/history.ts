import { useEffect } from "react";
import { signal, useSignal, type Signal } from "../../app/signal";

/** A quarter of an hour, with a value each 5 s. */
const KEPT = 180;

export interface Samples {
  readonly at: number;
  readonly values: readonly number[];
}

const NOTHING: Samples = { at: -Infinity, values: [] };
const histories = new Map<string, Signal<Samples>>();

/**
 * The values that a figure has had since the page was opened, oldest first; they outlive the component. `at` is the moment
 * of `value`: each moment counts once.
 */
export function useHistory(name: string, value: number | undefined, at: number | undefined): readonly number[] {
  const history = historyOf(name);
  useEffect(() => {
    if (value !== undefined && at !== undefined) history.set(sampled(history.get(), value, at));
  }, [history, value, at]);
  return useSignal(history).values;
}

/** The samples with another one, if it is newer than they are. */
export function sampled(before: Samples, value: number, at: number): Samples {
  if (at <= before.at) return before;
  return { at, values: [...before.values.slice(1 - KEPT), value] };
}

function historyOf(name: string): Signal<Samples> {
  const found = histories.get(name) ?? signal(NOTHING);
  histories.set(name, found);
  return found;
}
