import { inside, type Client, type Inside } from "./client.js";
import { aborted, DuelcastError } from "./errors.js";
import type { HttpOperations } from "./generated/http.js";
import { call } from "./shell/fetching.js";
import { PATIENCE_MS } from "./shell/tokens.js";

/** How long the server may take to answer, in milliseconds. */
const ANSWER_MS = 30_000;

type Operation = HttpOperations[keyof HttpOperations];

/** The operations of the HTTP API: method and path, such as `POST /api/v69/contests/{contest_id}/entries`. */
export type HttpOperation = Operation extends infer O
  ? O extends { method: infer M extends string; path: infer P extends string }
    ? `${M} ${P}`
    : never
  : never;

type OperationOf<Name extends HttpOperation> = Operation extends infer O
  ? O extends { method: infer M extends string; path: infer P extends string }
    ? Name extends `${M} ${P}`
      ? O
      : never
    : never
  : never;

type Parameters<Name extends HttpOperation> = OperationOf<Name> extends { parameters: infer P } ? P : never;
type Body<Name extends HttpOperation> = OperationOf<Name> extends { body: infer B } ? B : never;

/** The content of the answer of an operation. */
export type HttpResponse<Name extends HttpOperation> = OperationOf<Name> extends { response: infer R } ? R : never;

/** The input of an operation: the parameters of path, query and headers together, the body, and a signal that cancels it. */
export type HttpInput<Name extends HttpOperation> = (Record<string, never> extends Parameters<Name>
  ? { readonly parameters?: Parameters<Name> }
  : { readonly parameters: Parameters<Name> }) &
  (undefined extends Body<Name> ? { readonly body?: Body<Name> } : { readonly body: Body<Name> }) & {
    readonly signal?: AbortSignal | undefined;
  };

/**
 * Calls an operation of the HTTP API, with the token of the client's provider.
 *
 * Rejects with a `DuelcastError`: the code of the answer, `NETWORK_ERROR` if there was none, `TIMEOUT` if it
 * took longer than 30 s, `UNAVAILABLE` if the provider failed, or `ABORTED`.
 */
export async function http<Name extends HttpOperation>(
  client: Client,
  operation: Name,
  input: HttpInput<Name>,
): Promise<HttpResponse<Name>> {
  const { parameters, body, signal } = input as {
    parameters?: Readonly<Record<string, unknown>>;
    body?: unknown;
    signal?: AbortSignal;
  };
  const own = inside(client);
  const token = await within(own, PATIENCE_MS, "UNAVAILABLE", signal, () => tokenOf(own));
  const [method, template] = operation.split(" ") as [string, string];
  const rest = { ...parameters };
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(rest[name]);
    delete rest[name];
    return encodeURIComponent(value);
  });
  const address = new URL(own.url + path);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(rest)) {
    if (value === undefined) continue;
    if (name === "Idempotency-Key") headers[name] = String(value);
    else address.searchParams.set(name, String(value));
  }
  return (await within(own, ANSWER_MS, "TIMEOUT", signal, (ended) =>
    call(method, address.href, { body, token, headers, signal: ended }),
  )) as HttpResponse<Name>;
}

/** The token of the provider. */
async function tokenOf({ tokens }: Inside): Promise<string | null> {
  const answer = await tokens.ask();
  if (answer instanceof Error) throw answer;
  return answer;
}

/** Runs `work`; rejects with `code` if it takes too long, and with `ABORTED` if nobody waits for it any more. */
async function within<T>(
  { clock }: Inside,
  limitMs: number,
  code: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw aborted(signal);
  const limit = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    limit.signal.addEventListener("abort", () => reject(limit.signal.reason as DuelcastError));
  });
  const abort = (): void => limit.abort(aborted(signal));
  signal?.addEventListener("abort", abort);
  const timer = clock.setTimeout(() => limit.abort(new DuelcastError(code, "No answer came in time.")), limitMs);
  try {
    return await Promise.race([work(limit.signal), ended]);
  } finally {
    clock.clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
