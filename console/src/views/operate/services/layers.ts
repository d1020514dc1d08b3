import type { SkyDuelService } from "@duelcast/client/types";

/** A layer and the names of its services, in alphabetical order. */
export interface Layer {
  readonly name: string;
  readonly services: readonly string[];
}

/** The layers that every server has, from the prices up; others follow in alphabetical order. */
const FIRST = ["data", "contest", "wallet", "infrastructure"];

/** The services by layer. */
export function layersOf(services: Iterable<SkyDuelService>): Layer[] {
  const byLayer = new Map<string, string[]>();
  for (const { layer, name } of services) byLayer.set(layer, [...(byLayer.get(layer) ?? []), name]);
  return [...byLayer].map(([name, members]) => ({ name, services: members.sort() })).sort(byRank);
}

/** The state of a layer, as the server computes it from the states of its services. */
export function layerStatus(statuses: readonly string[]): "operational" | "warning" | "critical" | "unknown" {
  const has = (...wanted: string[]): boolean => statuses.some((one) => wanted.includes(one));
  if (has("circuit_open", "unhealthy")) return "critical";
  if (has("degraded", "stopped")) return "warning";
  return statuses.every((one) => one === "unknown") ? "unknown" : "operational";
}

export function sameLayers(one: readonly Layer[], other: readonly Layer[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function byRank(a: Layer, b: Layer): number {
  const rank = ({ name }: Layer): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return rank(a) - rank(b) || (a.name < b.name ? -1 : 1);
}
