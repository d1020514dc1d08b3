import type { DuelcastError } from "@duelcast/client";
import { http } from "@duelcast/client/http";
import type { ContestView, Participant } from "@duelcast/client/types";
import { useState } from "react";
import { client } from "../../../app/session";
import { texts } from "../../../app/texts";
import { useAction } from "../../../data/action";
import type { Choice, Fault } from "./portfolio";

const words = texts.trade;

/** What the user does with their entry of a contest. */
export interface Entry {
  /** Enters the contest, or changes the portfolio; resolves with whether it has succeeded. */
  send(choices: readonly Choice[]): Promise<boolean>;
  withdraw(): Promise<boolean>;
  readonly isBusy: boolean;
  /** Why the last request has failed, if not because of a field. */
  readonly error: DuelcastError | undefined;
  /** The field that the server has refused. */
  readonly fault: Fault | undefined;
  /** What the last request has done. */
  readonly done: string | undefined;
  /** How many requests have succeeded. */
  readonly count: number;
  /** Forgets what the last request has done. */
  forget(): void;
  /** Whether an error concerns other choices. */
  isOutdated(choices: readonly Choice[]): boolean;
}

/** @param keyOf - Gives the idempotency key of a request. */
export function useEntry(contest: ContestView, own: Participant, keyOf: (body: unknown) => string): Entry {
  const { run, isBusy, error } = useAction();
  const [done, setDone] = useState<string>();
  const [total, setTotal] = useState(0);
  const [sent, setSent] = useState<string>();

  async function send(choices: readonly Choice[]): Promise<boolean> {
    const body = { portfolio: portfolioOf(choices) };
    setSent(JSON.stringify(body));
    setDone(undefined);
    const parameters = { contest_id: contest.id };
    const hasSucceeded = await run(() => {
      if (!own.isParticipant) {
        return http(client, "POST /api/v69/contests/{contest_id}/entries", { parameters, body });
      }
      return http(client, "PUT /api/v69/contests/{contest_id}/entries/me/portfolio", {
        parameters: { ...parameters, "Idempotency-Key": keyOf(body) },
        body,
      });
    });
    if (hasSucceeded) {
      setDone(own.isParticipant ? words.changed : words.entered);
      setTotal(total + 1);
    }
    return hasSucceeded;
  }

  async function withdraw(): Promise<boolean> {
    setSent(undefined);
    setDone(undefined);
    const parameters = { contest_id: contest.id };
    const hasSucceeded = await run(() =>
      http(client, "DELETE /api/v69/contests/{contest_id}/entries/me", { parameters }),
    );
    if (hasSucceeded) setDone(words.withdrawn);
    return hasSucceeded;
  }

  const { field } = error ?? {};
  return {
    send,
    withdraw,
    isBusy,
    error: field === undefined ? error : undefined,
    fault: error && field !== undefined ? { field, text: `${error.message} (${error.code})` } : undefined,
    done,
    count: total,
    forget: () => setDone(undefined),
    isOutdated: (choices) => sent !== undefined && sent !== JSON.stringify({ portfolio: portfolioOf(choices) }),
  };
}

/** The choices as a request has them. */
function portfolioOf(choices: readonly Choice[]): { symbol: string; weight: number }[] {
  return choices.map(({ symbol, weight }) => ({ symbol, weight: weight ?? 0 }));
}
