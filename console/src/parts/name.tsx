import type { ReactNode } from "react";
import { shortWallet } from "../app/account";

/** A user as others see them. */
export interface Named {
  readonly wallet: string;
  readonly nickname?: string | null | undefined;
}

/** The name of a user in a sentence. */
export function nameOf({ wallet, nickname }: Named): string {
  return nickname ?? shortWallet(wallet);
}

/** The name of a user, which may be in any script and direction; the wallet is shown on hovering. */
export function Name({ of }: { of: Named }): ReactNode {
  return <bdi title={of.wallet}>{nameOf(of)}</bdi>;
}
