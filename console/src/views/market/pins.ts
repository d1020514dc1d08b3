import { signal } from "../../app/signal";

const KEY = "duelcast.pins";

/** The symbols that the user keeps at the top of the market, in this browser. */
export const pins = signal<ReadonlySet<string>>(new Set(stored()));

export function togglePin(symbol: string): void {
  const next = new Set(pins.get());
  if (!next.delete(symbol)) next.add(symbol);
  pins.set(next);
  localStorage.setItem(KEY, JSON.stringify([...next]));
}

function stored(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}
