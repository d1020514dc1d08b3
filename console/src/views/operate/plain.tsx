import type { ReactNode } from "react";

/** A long text exactly as it is, which scrolls by itself. */
export function Plain({ children }: { children: string }): ReactNode {
  return (
    // What scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre tabIndex={0}>{children}</pre>
  );
}
