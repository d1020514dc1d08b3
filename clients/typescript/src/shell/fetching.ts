import { isRecord, parsed, text } from "../core/frame.js";
import { aborted, DuelcastError } from "../errors.js";

/** Calls an address with JSON; resolves with the content of the answer, `undefined` if it has none. */
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
  const { body, token, signal } = options;
  const headers = {
    ...options.headers,
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && { "Content-Type": "application/json" }),
  };
  let answer: Response, content: unknown;
  try {
    const init = { method, headers, signal, body: JSON.stringify(body) };
    answer = await fetch(address.replace(/^ws/, "http"), init as RequestInit);
    content = parsed(await answer.text());
  } catch (cause) {
    if (signal?.aborted) throw aborted(signal);
    throw new DuelcastError("NETWORK_ERROR", "No answer came.", { cause });
  }
  if (answer.ok) return content;
  const details = isRecord(content) ? content : {};
  const seconds = Number(answer.headers.get("Retry-After"));
  throw new DuelcastError(text(details.code) ?? `HTTP_${answer.status}`, text(details.detail) ?? answer.statusText, {
    field: text(details.field),
    retryAfterMs: seconds * 1000 || undefined,
    details,
  });
}
