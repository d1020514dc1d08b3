import type { Participant } from "@duelcast/client/types";
import { drafts } from "../../../data/drafts";
import { parseChoices, type Choice } from "./portfolio";

/** By contest. */
const typed = drafts("duelcast.portfolio");

/** The choices that the user works on: their present portfolio, or a draft that this tab keeps. */
export interface Choices {
  readonly choices: readonly Choice[];
  /** Whether they differ from the present portfolio. */
  readonly isChanged: boolean;
  change(next: readonly Choice[]): void;
  /** Returns to the present portfolio. */
  reset(): void;
  /** The idempotency key of a request that sends them. */
  keyOf(body: unknown): string;
}

export function useChoices(contestId: number, own: Participant): Choices {
  const key = String(contestId);
  const present = (own.portfolio ?? []).map(({ symbol, weight }) => ({ symbol, weight }));
  const choices = parseChoices(typed.use(key) ?? "") ?? present;
  return {
    choices,
    isChanged: !isSame(choices, present),
    change: (next) => typed.keep(key, JSON.stringify(next)),
    reset: () => typed.drop(key),
    keyOf: (body) => typed.idempotencyKey(key, body),
  };
}

/** The order does not matter. */
function isSame(some: readonly Choice[], others: readonly Choice[]): boolean {
  const weights = new Map(others.map(({ symbol, weight }) => [symbol, weight]));
  return some.length === others.length && some.every(({ symbol, weight }) => weights.get(symbol) === weight);
}
