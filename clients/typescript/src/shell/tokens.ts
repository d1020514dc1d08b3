import { DuelcastError } from "../errors.js";
import type { Clock } from "./clock.js";

/**
 * Returns the token to connect with, or `null` to connect without one. It is asked before each connection, before a token
 * expires, and after the server has refused one; once for all endpoints that need an answer at the same time. An answer
 * that takes longer than 10 s counts as a failure.
 */
export type TokenProvider = () => string | null | Promise<string | null>;

/** How long an answer may take. */
export const PATIENCE_MS = 10_000;

/** Asks the provider, once for all who ask while it has not answered. */
export class Tokens {
  readonly #clock: Clock;
  #provider: string | null | TokenProvider;
  #flight: { readonly since: number; readonly answer: Promise<string | null | Error> } | undefined;

  constructor(provider: string | null | TokenProvider, clock: Clock) {
    this.#provider = provider;
    this.#clock = clock;
  }

  replace(provider: string | null | TokenProvider): void {
    this.#provider = provider;
    this.#flight = undefined;
  }

  /** The answer of the provider, or an error; never rejects. */
  ask(): Promise<string | null | Error> {
    const now = this.#clock.now();
    if (this.#flight !== undefined && now - this.#flight.since < PATIENCE_MS) return this.#flight.answer;
    const flight = { since: now, answer: answerOf(this.#provider) };
    this.#flight = flight;
    void flight.answer.then(() => {
      if (this.#flight === flight) this.#flight = undefined;
    });
    return flight.answer;
  }
}

async function answerOf(provider: string | null | TokenProvider): Promise<string | null | Error> {
  try {
    const answer: unknown = typeof provider === "function" ? await provider() : provider;
    if (answer === null || typeof answer === "string") return answer || null;
    throw new TypeError(typeof answer);
  } catch (cause) {
    return new DuelcastError("UNAVAILABLE", "No token came.", { cause });
  }
}
