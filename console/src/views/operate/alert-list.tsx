import type { ReactNode } from "react";
import { Link } from "wouter";
import { timeOfDay } from "../../app/format";
import { operateTexts } from "../../app/texts/operate";
import { Ago } from "../../parts/ago";
import type { PastAlert } from "./alerts";

const { alerts: texts } = operateTexts;
const TONES: Readonly<Record<string, string>> = { critical: "bad", warning: "warn", info: "good" };
const SHOWN = 50;

interface Props {
  readonly alerts: readonly PastAlert[];
  /** Whether each alert names its service. */
  readonly named?: boolean;
}

/** Alerts, newest first; those of a breaker with its transition. */
export function AlertList({ alerts, named = false }: Props): ReactNode {
  return (
    <ul className="list">
      {alerts.slice(0, SHOWN).map(({ service, timestamp, alert, transition }) => (
        <li key={alert.id}>
          <time dateTime={timestamp} className="dim">
            {timeOfDay(Date.parse(timestamp))}
          </time>
          {named && <Link href={`/operate/services/${service}`}>{service}</Link>}
          <span data-tone={TONES[alert.severity]}>
            {transition ? texts.transition(nameOf(transition.before), nameOf(transition.after)) : alert.message}
          </span>
          {transition && <span>{texts.reasons[transition.reason] ?? transition.reason}</span>}
          <span className="dim end">
            <Ago at={timestamp} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function nameOf(state: string): string {
  return operateTexts.breaker[state] ?? state;
}
