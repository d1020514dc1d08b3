import type { Setting } from "@duelcast/client/types";

type Typed = Pick<Setting, "value" | "value_type" | "secret">;

/** What a user has typed as a value: the value, or what is wrong with it. */
export type Parsed = { readonly value: unknown } | { readonly problem: "number" | "json" };

/** A value as a user edits it; that of a secret setting is empty. */
export function toText({ value, value_type: type, secret }: Typed): string {
  if (secret) return "";
  if (type === "string" && typeof value === "string") return value;
  return JSON.stringify(value, null, type === "json" ? 2 : undefined);
}

/** A text as a value of the type of a setting. */
export function parse(text: string, { value_type: type }: Pick<Setting, "value_type">): Parsed {
  if (type === "string") return { value: text };
  if (type === "boolean") return { value: text === "true" };
  if (type === "number")
    return /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(text)
      ? { value: Number(text) }
      : { problem: "number" };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { problem: "json" };
  }
}

/** The value of a setting in a line. */
export function inLine({ value, secret }: Pick<Setting, "value" | "secret">): string {
  if (secret) return "••••••";
  return typeof value === "string" ? value : JSON.stringify(value);
}
