import type { Setting } from "@duelcast/client/types";
import { describe, expect, test } from "vitest";
import { operateTexts } from "../../src/app/texts/operate";
import { boundsOf, fits } from "../../src/views/operate/settings/bounds";
import { categoriesOf, matching } from "../../src/views/operate/settings/filter";
import { inLine, parse, toText } from "../../src/views/operate/settings/value";

const { problems } = operateTexts.settings;
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
    expect(parse(text, { value_type: "number" })).toEqual({ problem: problems.number });
  });

  test.each([
    [" 1 ", 1],
    ["-.5", -0.5],
    ["1e3", 1000],
  ])("is a number: %j", (text, value) => {
    expect(parse(text, { value_type: "number" })).toEqual({ value });
  });

  test("is no JSON", () => {
    expect(parse("{a: 1}", { value_type: "json" })).toEqual({ problem: problems.json });
  });

  test("of a secret switch is none until it is chosen", () => {
    const secret = { value: null, value_type: "boolean", secret: true };
    expect(parse(toText(secret), secret)).toEqual({ problem: problems.choice });
    expect(parse("false", secret)).toEqual({ value: false });
  });

  test("that is outside the bounds is refused before it is sent", () => {
    const characters = { value_type: "number", integer: true, minimum: 1, maximum: 4000 };
    expect(parse("4000", characters)).toEqual({ value: 4000 });
    expect(parse("4001", characters)).toEqual({ problem: problems.bounds });
  });

  test("that is secret is neither edited nor shown", () => {
    const secret = { value: null, value_type: "string", secret: true };
    expect(toText(secret)).toBe("");
    expect(inLine(secret)).not.toContain("null");
  });
});

describe("bounds", () => {
  const days = { integer: false, exclusiveMinimum: 0, maximum: 36_500 };
  const characters = { integer: true, minimum: 1, maximum: 4000 };

  test.each([
    [0, days, false],
    [0.001, days, true],
    [36_500, days, true],
    [36_500.5, days, false],
    [0, characters, false],
    [1, characters, true],
    [1.5, characters, false],
    [-1e300, {}, true],
  ])("of %j in %j: %j", (value, bounds, isValid) => {
    expect(fits(value, bounds)).toBe(isValid);
  });

  test("are said in words", () => {
    expect(boundsOf(days)).toBe("a number above 0 up to 36,500");
    expect(boundsOf(characters)).toBe("a whole number from 1 up to 4,000");
    expect(boundsOf({})).toBeUndefined();
  });
});
