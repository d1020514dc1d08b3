import type { Participant } from "@duelcast/client/types";
import { useDraft } from "../../../app/draft";
import { parseChoices, type Choice } from "./portfolio";

/** The choices that the user works on: their present portfolio, or a draft that this tab keeps. */
export interface Choices {
  readonly choices: readonly Choice[];
  /** Whether they differ from the present portfolio. */
  readonly isChanged: boolean;
  change(next: readonly Choice[]): void;
  /** Returns to the present portfolio. */
  reset(): void;
}

export function useChoices(contestId: number, own: Participant): Choices {
  const [draft, setDraft] = useDraft(`duelcast.portfolio.${contestId}`);
  const present = (own.portfolio ?? []).map(({ symbol, weight }) => ({ symbol, weight }));
  const choices = parseChoices(draft) ?? present;
  return {
    choices,
    isChanged: !isSame(choices, present),
    change: (next) => setDraft(JSON.stringify(next)),
    reset: () => setDraft(""),
  };
}

/** The order does not matter. */
function isSame(some: readonly Choice[], others: readonly Choice[]): boolean {
  const weights = new Map(others.map(({ symbol, weight }) => [symbol, weight]));
  return some.length === others.length && some.every(({ symbol, weight }) => weights.get(symbol) === weight);
}
