/** A message of the wire, of which only the kind of `type` is certain. */
export type Frame = { readonly type: string } & Readonly<Record<string, unknown>>;

/** The value that a text is in JSON; `undefined` if it is none. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** A copy as JSON of a value, which may change afterwards; throws a `TypeError` if it cannot be JSON. */
export function copied<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** Whether a value is a message. */
export function isFrame(value: unknown): value is Frame {
  return isRecord(value) && typeof value.type === "string";
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The elements of a list; none if the value is not a list. */
export function elements(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects of a list; none if the value is not a list. */
export function records(value: unknown): Readonly<Record<string, unknown>>[] {
  return elements(value).filter(isRecord);
}

/** The value if it is a string. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A time in epoch milliseconds; `NaN` if the value is none. */
export function time(value: unknown): number {
  return Date.parse(text(value) ?? "");
}

/** The value if it is a finite number. */
export function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
