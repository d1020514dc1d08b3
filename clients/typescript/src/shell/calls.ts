import { isRepeatable, withKey } from "../core/facts.js";
import { copied, type Frame } from "../core/frame.js";
import { Requests, type RequestPlan } from "../core/requests.js";
import { aborted, DuelcastError } from "../errors.js";
import { COMMANDS } from "../generated/contract.js";
import type { Link } from "./link.js";
import { uuid } from "./uuid.js";

/** Options of a request. */
export interface RequestOptions {
  /** After how many milliseconds without an answer it fails with `TIMEOUT`; 10,000 by default, `Infinity` for never. */
  readonly timeoutMs?: number | undefined;
  /** Cancels it: it fails with `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

/** The requests of a link, which only an application that makes some has. */
function requestsOf({ connection, options }: Link): Requests {
  return (connection.calls ??= new Requests(connection, COMMANDS[options.name])) as Requests;
}

/** Makes a request as described; returns a function that ends it with an error. */
export function submit(link: Link, plan: RequestPlan): (error: DuelcastError) => void {
  let id = "";
  link.happen(() => (id = requestsOf(link).make(plan)));
  return (error) => link.happen(() => requestsOf(link).settle(id, error));
}

/** Sends a command, and resolves with the message that answers it, an M; rejects with a `DuelcastError`. */
export function request<M>(
  link: Link,
  command: Frame,
  { timeoutMs = 10_000, signal }: RequestOptions = {},
): Promise<M> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    const abort = (): void => end(aborted(signal));
    const settle = (result: Frame | DuelcastError): void => {
      signal?.removeEventListener("abort", abort);
      if (result instanceof DuelcastError) reject(result);
      else resolve(result as M);
    };
    const facts = COMMANDS[link.options.name];
    const keyed = withKey(facts, copied(command), uuid);
    const isSafe = isRepeatable(facts, command.type);
    const plan = { command: () => keyed, isRepeatable: isSafe, timeoutMs, retriesAfter: isPassing, settle };
    signal?.addEventListener("abort", abort);
    const end = submit(link, plan);
  });
}

/** Whether the server could not say at that time, so that the same command may succeed soon. */
function isPassing({ code }: DuelcastError): boolean {
  return code === "UNAVAILABLE" || code === "OUTCOME_UNKNOWN";
}
