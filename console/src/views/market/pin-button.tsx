import type { ReactNode } from "react";
import { useSignal } from "../../app/signal";
import { texts } from "../../app/texts";
import { pins, togglePin } from "./pins";

/** Keeps a symbol at the top of the market, or no longer. */
export function PinButton({ symbol }: { symbol: string }): ReactNode {
  const isPinned = useSignal(pins).has(symbol);
  return (
    <button
      type="button"
      className="pin"
      aria-pressed={isPinned}
      aria-label={isPinned ? texts.market.unpin(symbol) : texts.market.pin(symbol)}
      onClick={() => togglePin(symbol)}
    >
      {isPinned ? "★" : "☆"}
    </button>
  );
}
