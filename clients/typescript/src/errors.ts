import { RETRIABLE } from "./generated/contract.js";

/** The details of an error besides its code and its message. */
export interface ErrorDetails {
  /** The path of the field that the server refused, such as `symbols[3]`. */
  readonly field?: string | undefined;
  /** How long to wait before another attempt, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The whole error message of the server, or the problem details of an HTTP answer. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** The reason of an `AbortSignal`, or the error of a provider or of `fetch`. */
  readonly cause?: unknown;
}

/**
 * Every failure of this library.
 *
 * `code` is a code of the server (`ErrorCode`), or one of the client's own: `TIMEOUT`, `ABORTED`, `CLOSED`, `REFUSED`,
 * `OUTCOME_UNKNOWN`, `UNAUTHORIZED`, `PERMISSION_DENIED`, `MESSAGE_TOO_BIG`, `TOO_MANY_REQUESTS`, `EVENT_DROPPED`,
 * `NETWORK_ERROR`. Neither messages nor details contain a token.
 */
export class DuelcastError extends Error {
  override readonly name: string = "DuelcastError";
  readonly code: string;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.code = code;
    ({ field: this.field, retryAfterMs: this.retryAfterMs, details: this.details } = details);
  }

  /** Whether the same attempt may succeed later. */
  get retriable(): boolean {
    return this.retryAfterMs !== undefined || [...RETRIABLE, "TIMEOUT", "NETWORK_ERROR"].includes(this.code);
  }
}

/** The error of something that a signal has cancelled. */
export function aborted(signal: AbortSignal | undefined): DuelcastError {
  return new DuelcastError("ABORTED", "The request was cancelled.", { cause: signal?.reason as unknown });
}
