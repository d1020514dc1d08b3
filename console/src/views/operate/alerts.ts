import { channel } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import type { RecentAlert, ServiceAlert, ServiceState } from "@duelcast/client/types";
import { useEffect } from "react";
import { client } from "../../app/session";
import { signal, useSignal } from "../../app/signal";
import { era } from "../../data/era";
import { useReading, type Reading } from "../../data/reading";
import { useWhenBack } from "../../data/when-back";

const KEPT = 200;

/** An alert of the past. What is pushed lacks the transition of the breaker, which a reading has. */
export type PastAlert = Pick<ServiceAlert, "service" | "timestamp" | "alert"> & Partial<RecentAlert>;

const pushes = channel(client, "circuit-breaker", "alerts");

/** The alerts since the page was opened, newest first. */
const pushed = signal<readonly PastAlert[]>([]);
era.subscribe(() => pushed.set([]));

/** Follows the alerts while the component is mounted. */
export function useAlerts(): void {
  useEffect(() => pushes.on((one) => pushed.set(withAlert(pushed.get(), one))), []);
}

/** Recent alerts, newest first, and the reading of those from before the page was opened. */
export interface AlertHistory {
  readonly alerts: readonly PastAlert[];
  readonly reading: Reading<unknown>;
}

/** The recent alerts of a service, or of all. */
export function useAlertHistory(service?: string): AlertHistory {
  const reading = useReading("GET /api/v69/alerts", { parameters: { service } });
  const { again } = reading;
  useWhenBack(useStore(pushes).status, again);
  // A service changes seldom; all together may do so many times a second.
  useEffect(
    () => (service === undefined ? undefined : pushes.on((one) => one.service === service && again())),
    [service, again],
  );
  const live = useSignal(pushed).filter((one) => service === undefined || one.service === service);
  return { alerts: merged(reading.value?.data ?? [], live), reading };
}

/** The alerts with a new one, which a replay may repeat. */
export function withAlert(before: readonly PastAlert[], one: PastAlert): readonly PastAlert[] {
  if (before.some(({ alert }) => alert.id === one.alert.id)) return before;
  return [one, ...before].slice(0, KEPT);
}

/** Alerts that were read and those that were pushed, each once, newest first. */
export function merged(read: readonly PastAlert[], live: readonly PastAlert[]): readonly PastAlert[] {
  const known = new Set(read.map(({ alert }) => alert.id));
  const all = [...live.filter(({ alert }) => !known.has(alert.id)), ...read];
  return all.sort((a, b) => Date.parse(b.timestamp) - Date.parse(a.timestamp)).slice(0, KEPT);
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
