import { DuelcastError } from "../errors.js";
import { number, text, type Frame } from "./frame.js";

/** Whether a message is an error of the server. */
export function isError(frame: Frame): boolean {
  return frame.type === "error" || frame.type === "ERROR";
}

/** An error message of the server as an error. */
export function serverError(frame: Frame): DuelcastError {
  return new DuelcastError(text(frame.code) ?? "UNKNOWN", text(frame.message) ?? "The server refuses this.", {
    field: text(frame.field),
    retryAfterMs: number(frame.retryAfterMs),
    details: frame,
  });
}
