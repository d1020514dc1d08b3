import { useStore } from "@duelcast/client/react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { operateTexts } from "../../../app/texts/operate";
import { Ago } from "../../../parts/ago";
import { LiveState } from "../../../parts/live-state";
import { AlertList } from "../alert-list";
import { inTrouble, useAlertHistory } from "../alerts";
import { StateTag } from "../state-tag";
import { states } from "../stores";

/** What does not work at present, and what has changed lately. */
export function OpenAlerts(): ReactNode {
  const { value, status, error } = useStore(states);
  const { alerts: recent, reading } = useAlertHistory();
  const open = inTrouble(value.values());
  return (
    <section className="block">
      <h2>{operateTexts.overview.alerts}</h2>
      <LiveState status={status} error={error} />
      {status === "live" && open.length === 0 && <p className="good">✓ {operateTexts.overview.noAlerts}</p>}
      {open.length > 0 && (
        <ul className="list">
          {open.map((one) => (
            <li key={one.service}>
              <StateTag status={one.status} />
              <Link href={`/operate/services/${one.service}`}>{one.displayName}</Link>
              <span>{one.circuit_breaker.details}</span>
              <span className="dim end">
                <Ago at={recent.find(({ service }) => service === one.service)?.timestamp} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {reading.error && (
        <LiveState status={reading.status} error={reading.error} at={reading.at} retry={reading.again} />
      )}
      {recent.length > 0 && (
        <details>
          <summary>{operateTexts.overview.recent(recent.length)}</summary>
          <AlertList alerts={recent} named />
        </details>
      )}
    </section>
  );
}
