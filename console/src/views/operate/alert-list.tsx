import type { ServiceAlert } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { timeOfDay } from "../../app/format";

const TONES: Readonly<Record<string, string>> = { critical: "bad", warning: "warn", info: "good" };
const SHOWN = 50;

/** Alerts, newest first. */
export function AlertList({ alerts }: { alerts: readonly ServiceAlert[] }): ReactNode {
  return (
    <ul className="list">
      {alerts.slice(0, SHOWN).map(({ alert, timestamp }) => (
        <li key={alert.id}>
          <time dateTime={timestamp} className="dim">
            {timeOfDay(Date.parse(timestamp))}
          </time>
          <span data-tone={TONES[alert.severity]}>{alert.message}</span>
        </li>
      ))}
    </ul>
  );
}
