import { inside, type Client, type Inside } from "./client.js";
import { aborted, DuelcastError } from "./errors.js";
import type { HttpOperations } from "./generated/http.js";
import { call } from "./shell/fetching.js";
import { PATIENCE_MS } from "./shell/tokens.js";

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
 * Rejects with a `DuelcastError`: the code of the answer, `NETWORK_ERROR` if there was none, `UNAVAILABLE` if the provider
 * failed, or `ABORTED`.
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
  const token = await tokenOf(own, signal);
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
  return (await call(method, address.href, { body, token, headers, signal })) as HttpResponse<Name>;
}

/** The token of the provider; rejects if it fails or takes too long, or if nobody waits for it any more. */
function tokenOf({ clock, tokens }: Inside, signal: AbortSignal | undefined): Promise<string | null> {
  return new Promise<string | null>((resolve, reject) => {
    const settle = (answer: string | null | Error): void => {
      clock.clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      if (answer instanceof Error) reject(answer);
      else resolve(answer);
    };
    const abort = (): void => settle(aborted(signal));
    const timer = clock.setTimeout(() => settle(new DuelcastError("UNAVAILABLE", "No token came.")), PATIENCE_MS);
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort);
    void tokens.ask().then(settle);
  });
}
