import { useState } from "react";
import { operateTexts } from "../../../app/texts/operate";
import { useAction, type Action } from "../../../data/action";
import { drafts } from "../../../data/drafts";
import { fieldOf, type Body, type Draft, type Field } from "./form";

/** By contest, or for a new one: the fields that were edited. The others show what the server says. */
const typed = drafts<Partial<Draft>>();

/** A contest's form, with what was typed and what is wrong with it. */
export interface ContestForm<T> {
  readonly draft: Draft;
  readonly isChanged: boolean;
  readonly problems: Partial<Record<Field, string>>;
  /** The refusal of the server, unless it is about a field. */
  readonly action: Action;
  edit(field: Field, text: string): void;
  /** Sends the form; resolves with whether the server has accepted it, in which case the draft is gone. */
  send(toBody: (draft: Draft) => Body<T>, request: (body: T) => Promise<unknown>): Promise<boolean>;
  /** Keeps the fields that were not edited as they are now, too. */
  hold(): void;
  /** The idempotency key of a request that sends the draft. */
  idempotencyKey(body: T): string;
  discard(): void;
}

export function useContestForm<T>(key: string, initial: Draft): ContestForm<T> {
  const kept = typed.use(key);
  const action = useAction();
  const [problems, setProblems] = useState<Partial<Record<Field, string>>>({});
  const draft = { ...initial, ...kept };
  const refused = fieldOf(action.error?.field);

  return {
    draft,
    isChanged: kept !== undefined,
    problems: refused && action.error ? { ...problems, [refused]: action.error.message } : problems,
    action: refused ? { ...action, error: undefined } : action,
    edit(field, text) {
      setProblems((before) => Object.fromEntries(Object.entries(before).filter(([name]) => name !== field)));
      typed.keep(key, { ...kept, [field]: text });
    },
    async send(toBody, request) {
      const made = toBody(draft);
      if ("problems" in made) {
        const named = Object.entries(made.problems).map(([field, problem]) => [
          field,
          operateTexts.contests.problems[problem],
        ]);
        setProblems(Object.fromEntries(named) as Partial<Record<Field, string>>);
        return false;
      }
      setProblems({});
      const isDone = await action.run(() => request(made.body));
      if (isDone) typed.drop(key);
      return isDone;
    },
    hold: () => typed.keep(key, draft),
    idempotencyKey: (body) => typed.idempotencyKey(key, body),
    discard() {
      setProblems({});
      typed.drop(key);
    },
  };
}
