import type { ReactNode } from "react";

/** A wide table, which scrolls sideways by itself instead of the page. */
export function Scroll({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    // What scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="scroll" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
