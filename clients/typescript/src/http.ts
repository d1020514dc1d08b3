import { inside, type Client } from "./client.js";
import { isRecord, number, text } from "./core/frame.js";
import { DuelcastError } from "./errors.js";
import type { HttpOperations } from "./generated/http.js";

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

/** What an operation answers. */
export type HttpResponse<Name extends HttpOperation> = OperationOf<Name> extends { response: infer R } ? R : never;

/** What an operation takes: parameters of the path and the query together, the body, and how to send it. */
export type HttpInput<Name extends HttpOperation> = (Record<string, never> extends Parameters<Name>
  ? { readonly parameters?: Parameters<Name> }
  : { readonly parameters: Parameters<Name> }) &
  (undefined extends Body<Name> ? { readonly body?: Body<Name> } : { readonly body: Body<Name> }) & {
    /** Makes it safe to repeat the operation after a lost answer. */
    readonly idempotencyKey?: string | undefined;
    readonly signal?: AbortSignal | undefined;
  };

/**
 * Calls an operation of the HTTP API, with the token of the client's provider.
 *
 * Rejects with a `DuelcastError`: the code of the answer, `NETWORK_ERROR` if there was none, or `ABORTED`.
 */
export async function http<Name extends HttpOperation>(
  client: Client,
  operation: Name,
  input: HttpInput<Name>,
): Promise<HttpResponse<Name>> {
  const { url, tokens } = inside(client);
  const token = await tokens.ask();
  if (token instanceof Error) throw token;
  const { parameters, body, idempotencyKey, signal } = input as {
    parameters?: Readonly<Record<string, unknown>>;
    body?: unknown;
    idempotencyKey?: string;
    signal?: AbortSignal;
  };
  const [method = "GET", template = ""] = operation.split(" ");
  const rest = new Map(Object.entries(parameters ?? {}));
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(rest.get(name));
    rest.delete(name);
    return encodeURIComponent(value);
  });
  const address = new URL(url + path);
  for (const [name, value] of rest) if (value !== undefined) address.searchParams.set(name, String(value));
  const headers = idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey };
  return (await call(method, address.href, { body, token, headers, signal })) as HttpResponse<Name>;
}

/** Calls an address with JSON; resolves with what the answer contains, `undefined` if that is nothing. */
export async function call(
  method: string,
  address: string,
  options: {
    readonly body?: unknown;
    readonly token?: string | null | undefined;
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<unknown> {
  const { body, token, signal = null } = options;
  const headers: Record<string, string> = { ...options.headers };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  let answer: Response, content: unknown;
  try {
    const init = { method, headers, signal, body: body === undefined ? null : JSON.stringify(body) };
    answer = await fetch(address.replace(/^ws/, "http"), init);
    content = parsed(await answer.text());
  } catch (cause) {
    if (signal?.aborted) throw new DuelcastError("ABORTED", "The request was cancelled.", { cause });
    throw new DuelcastError("NETWORK_ERROR", "The server cannot be reached.", { cause });
  }
  if (answer.ok) return content;
  const details = isRecord(content) ? content : {};
  const seconds = number(Number(answer.headers.get("Retry-After") ?? NaN));
  throw new DuelcastError(text(details.code) ?? `HTTP_${answer.status}`, text(details.detail) ?? answer.statusText, {
    field: text(details.field),
    retryAfterMs: seconds && seconds * 1000,
    details,
  });
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
