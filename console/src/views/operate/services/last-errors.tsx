import type { ReactNode } from "react";
import { Link } from "wouter";
import { operateTexts } from "../../../app/texts/operate";
import { Ago } from "../../../parts/ago";
import { LiveState } from "../../../parts/live-state";
import { useRecentErrors } from "../recent-errors";

const { services: texts } = operateTexts;
const SHOWN = 3;

/** The newest errors of a service. */
export function LastErrors({ service }: { service: string }): ReactNode {
  const { records, status, error, again } = useRecentErrors({ service, limit: SHOWN });
  return (
    <>
      <h3>{texts.errors}</h3>
      <LiveState status={status} error={error} retry={again} />
      {status !== "loading" && records.length === 0 && <p className="dim">{texts.noErrors}</p>}
      <ul className="list">
        {records.slice(0, SHOWN).map((one) => (
          <li key={one.id}>
            <span className="dim">
              <Ago at={one.timestamp} />
            </span>
            <span className="bad clip">{one.error}</span>
          </li>
        ))}
      </ul>
      {records.length > 0 && (
        <Link href={`/operate/errors?service=${encodeURIComponent(service)}`}>{texts.allErrors}</Link>
      )}
    </>
  );
}
