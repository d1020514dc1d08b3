import { describe, expect, test } from "vitest";
import { safeLink } from "../src/app/link";

describe("a link from data", () => {
  test.each(["/", "/contests", "/contests/2", "/symbols/SOL", "/inbox"])("leads to the view %s", (link) => {
    expect(safeLink(link)).toEqual({ path: link });
  });

  test.each(["https://example.com/a?b=c#d", "http://example.com", "/shop", "/contests?x=1"])(
    "leads to the page %s",
    (link) => {
      expect(safeLink(link)).toEqual({ href: link });
    },
  );

  test.each([
    null,
    "",
    "javascript:alert(1)",
    " javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "//example.com",
    "/\\example.com",
    "ftp://example.com",
    "https://",
    "contests/2",
  ])("%j leads nowhere", (link) => {
    expect(safeLink(link)).toBeUndefined();
  });
});
