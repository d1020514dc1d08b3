import { channel } from "@duelcast/client";
import type { ServiceAlert, ServiceState } from "@duelcast/client/types";
import { useEffect } from "react";
import { client } from "../../app/session";
import { signal } from "../../app/signal";

const KEPT = 200;

/** The alerts since the page was opened, newest first. */
export const alerts = signal<readonly ServiceAlert[]>([]);

/** Follows the alerts while the component is mounted. */
export function useAlerts(): void {
  useEffect(
    () => channel(client, "circuit-breaker", "alerts").on((one) => alerts.set(withAlert(alerts.get(), one))),
    [],
  );
}

/** The alerts with a new one, which a replay may repeat. */
export function withAlert(before: readonly ServiceAlert[], one: ServiceAlert): readonly ServiceAlert[] {
  if (before.some(({ alert }) => alert.id === one.alert.id)) return before;
  return [one, ...before].slice(0, KEPT);
}

/** The services that do not work as they should, the worst first. */
export function inTrouble(states: Iterable<ServiceState>): ServiceState[] {
  const found = [...states].filter(({ status }) => TROUBLES.includes(status));
  return found.sort(
    (a, b) => TROUBLES.indexOf(a.status) - TROUBLES.indexOf(b.status) || (a.service < b.service ? -1 : 1),
  );
}

/** The states that need somebody's attention, the worst first. */
const TROUBLES = ["circuit_open", "unhealthy", "stopped", "degraded"];
