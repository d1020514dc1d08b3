import { describe, expect, test } from "vitest";
import { EMPTY, fieldOf, toInput, toPreview } from "../../src/views/operate/announcements/draft";

describe("an announcement", () => {
  const draft = { ...EMPTY, title: " Hello ", content: "All is well." };

  test("goes to everybody, without what was left empty", () => {
    expect(toInput(draft)).toEqual({
      broadcast: true,
      type: "SYSTEM_ANNOUNCEMENT",
      title: "Hello",
      content: "All is well.",
      priority: "medium",
    });
  });

  test("has a link and an end, in UTC", () => {
    const local = new Date(2026, 11, 24, 18, 0);
    expect(toInput({ ...draft, link: "/inbox", expires: "2026-12-24T18:00" })).toMatchObject({
      link: "/inbox",
      expires_at: local.toISOString(),
    });
  });

  test("is previewed as it will be read", () => {
    expect(toPreview(draft, 0)).toMatchObject({ title: " Hello ", link: null, expires_at: null });
  });

  test("shows a refusal at its field", () => {
    expect(fieldOf("expires_at")).toBe("expires");
    expect(fieldOf("title")).toBe("title");
    expect(fieldOf("broadcast")).toBeUndefined();
  });
});
