import type { Setting, SettingInForce } from "@duelcast/client/types";
import { operateTexts } from "../../../app/texts/operate";
import { fits } from "./bounds";

const { problems } = operateTexts.settings;

type Typed = Pick<Setting, "value" | "value_type" | "secret">;
type Declared = Pick<SettingInForce, "value_type" | "integer" | "minimum" | "exclusiveMinimum" | "maximum">;

/** What a user has typed as a value: the value, or what is wrong with it. */
export type Parsed = { readonly value: unknown } | { readonly problem: string };

/** A value as a user edits it; that of a secret setting is empty. */
export function toText({ value, value_type: type, secret }: Typed): string {
  if (secret) return "";
  if (type === "string" && typeof value === "string") return value;
  return JSON.stringify(value, null, type === "json" ? 2 : undefined);
}

/** A text as a value of the type and within the bounds of a setting. */
export function parse(text: string, setting: Declared): Parsed {
  switch (setting.value_type) {
    case "string":
      return { value: text };
    case "boolean":
      return text === "" ? { problem: problems.choice } : { value: text === "true" };
    case "number":
      return parseNumber(text, setting);
    default:
      return parseJson(text);
  }
}

function parseNumber(text: string, setting: Declared): Parsed {
  if (!/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(text)) return { problem: problems.number };
  const value = Number(text);
  return fits(value, setting) ? { value } : { problem: problems.bounds };
}

function parseJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { problem: problems.json };
  }
}

/** The value of a setting in a line. */
export function inLine({ value, secret }: Pick<Setting, "value" | "secret">): string {
  if (secret) return "••••••";
  return typeof value === "string" ? value : JSON.stringify(value);
}
