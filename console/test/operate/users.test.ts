import type { User } from "@duelcast/client/types";
import { describe, expect, test } from "vitest";
import { mayBan, maySetRole } from "../../src/views/operate/users/rights";

const by = (role: string): User => ({ wallet_address: "ann", role }) as User;
const target = (role: string | null, wallet = "bob"): { wallet: string; role: string | null } => ({ wallet, role });

describe("what an operator may change of a user", () => {
  test("is the role for superadmins only", () => {
    expect(maySetRole(by("superadmin"), target("user"))).toBe(true);
    expect(maySetRole(by("admin"), target("user"))).toBe(false);
  });

  test.each([
    ["admin", "user", true],
    ["admin", null, true],
    ["admin", "admin", false],
    ["admin", "superadmin", false],
    ["superadmin", "superadmin", true],
    ["user", "user", false],
  ])("is the ban, if a %s bans a %s: %s", (role, other, isAllowed) => {
    expect(mayBan(by(role), target(other))).toBe(isAllowed);
  });

  test("is neither of themselves", () => {
    expect(maySetRole(by("superadmin"), target("superadmin", "ann"))).toBe(false);
    expect(mayBan(by("superadmin"), target("superadmin", "ann"))).toBe(false);
  });
});
