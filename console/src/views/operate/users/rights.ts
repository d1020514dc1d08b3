import type { User } from "@duelcast/client/types";

interface Target {
  readonly wallet: string;
  readonly role: string | null;
}

/** Whether somebody may set the role of another: superadmins may, but nobody their own. */
export function maySetRole(by: User, { wallet }: Target): boolean {
  return by.role === "superadmin" && by.wallet_address !== wallet;
}

/** Whether somebody may ban another: admins may ban users, superadmins everybody, and nobody themselves. */
export function mayBan(by: User, { wallet, role }: Target): boolean {
  if (by.wallet_address === wallet) return false;
  return by.role === "superadmin" || (by.role === "admin" && (role === null || role === "user"));
}
