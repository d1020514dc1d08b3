import type { ReactNode } from "react";

/** A symbol. */
export default function SymbolView({ symbol }: { symbol: string }): ReactNode {
  return <h1>{symbol}</h1>;
}
