import type { Setting } from "@duelcast/client/types";
import { describe, expect, test } from "vitest";
import { categoriesOf, matching } from "../../src/views/operate/settings/filter";
import { inLine, parse, toText } from "../../src/views/operate/settings/value";

const setting = (key: string, description: string): Setting =>
  ({ key, description, category: key.includes(".") ? key.split(".")[0]! : null }) as Setting;
const all = [setting("chat.max", "Maximum length"), setting("limits.chat", "Maximum per minute"), setting("scene", "")];

describe("finding settings", () => {
  test("takes all words of a search, in keys and descriptions", () => {
    expect(matching(all, " MAXIMUM chat", "").map(({ key }) => key)).toEqual(["chat.max", "limits.chat"]);
    expect(matching(all, "maximum minute", "").map(({ key }) => key)).toEqual(["limits.chat"]);
    expect(matching(all, "", "")).toHaveLength(3);
  });

  test("is limited to a category", () => {
    expect(matching(all, "maximum", "chat").map(({ key }) => key)).toEqual(["chat.max"]);
    expect(categoriesOf(all)).toEqual(["chat", "limits"]);
  });
});

describe("a value", () => {
  test.each([
    ["number", 10.5],
    ["boolean", true],
    ["string", 'a "quoted"\nline'],
    ["json", { deep: [1, null] }],
  ])("of the type %s is the same after it was edited", (type, value) => {
    const typed = { value, value_type: type, secret: false };
    expect(parse(toText(typed), typed)).toEqual({ value });
  });

  test.each(["", " ", "1,5", "0x10", "NaN", "Infinity", "1e", "."])("is no number: %j", (text) => {
    expect(parse(text, { value_type: "number" })).toEqual({ problem: "number" });
  });

  test.each([
    [" 1 ", 1],
    ["-.5", -0.5],
    ["1e3", 1000],
  ])("is a number: %j", (text, value) => {
    expect(parse(text, { value_type: "number" })).toEqual({ value });
  });

  test("is no JSON", () => {
    expect(parse("{a: 1}", { value_type: "json" })).toEqual({ problem: "json" });
  });

  test("that is secret is neither edited nor shown", () => {
    const secret = { value: null, value_type: "string", secret: true };
    expect(toText(secret)).toBe("");
    expect(inLine(secret)).not.toContain("null");
  });
});
