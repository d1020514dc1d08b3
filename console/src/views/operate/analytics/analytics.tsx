import { useStore } from "@duelcast/client/react";
import type { ReactNode } from "react";
import { count } from "../../../app/format";
import { operateTexts } from "../../../app/texts/operate";
import { LiveState } from "../../../parts/live-state";
import { activeUsers, dashboard } from "../stores";
import { ActiveList } from "./active-list";
import { Bars } from "./bars";
import { zonesOf } from "./zones";

const { analytics: texts } = operateTexts;

/** What users do: who is active, where, and which events arrive. */
export function Analytics(): ReactNode {
  const { value, status, error } = useStore(dashboard.at(0));
  const { value: active } = useStore(activeUsers.at(0));
  const zones = zonesOf(active?.users ?? []);
  const perMinute = value?.eventsPerMinute ?? [];
  return (
    <>
      <header className="view">
        <h1>{texts.title}</h1>
        {value && <p className="dim">{texts.active(value.activeUsers)}</p>}
      </header>
      <LiveState status={status} error={error} at={value && Date.parse(value.timestamp)} />
      {value && (
        <>
          <section className="side-panel">
            <header>
              <h2>{texts.perMinute}</h2>
              <p className="dim">{texts.lastHour(count(perMinute.reduce((sum, one) => sum + one, 0)))}</p>
            </header>
            <Bars values={perMinute} />
          </section>
          <div className="pair even">
            <Ranking
              title={texts.topEvents}
              none={texts.noEvents}
              rows={value.topEvents.map((one) => [one.event, one.count])}
            />
            <Ranking
              title={texts.zones}
              none={texts.noZones}
              rows={zones.map((one) => [one.zone ?? texts.noZone, one.users])}
            />
          </div>
          {active && <ActiveList active={active} />}
        </>
      )}
    </>
  );
}

interface RankingProps {
  readonly title: string;
  readonly none: string;
  readonly rows: readonly (readonly [name: string, value: number])[];
}

/** Names with the largest values first, and bars as long as the values. */
function Ranking({ title, none, rows }: RankingProps): ReactNode {
  const largest = Math.max(1, ...rows.map(([, value]) => value));
  return (
    <section className="side-panel">
      <h2>{title}</h2>
      {rows.length === 0 && <p className="dim">{none}</p>}
      <ol className="ranking">
        {rows.map(([name, value]) => (
          <li key={name}>
            <span className="isolate">{name}</span>
            <span className="number">{count(value)}</span>
            <svg className="share" aria-hidden="true" viewBox={`0 0 ${largest} 1`} preserveAspectRatio="none">
              <rect width={value} height={1} />
            </svg>
          </li>
        ))}
      </ol>
    </section>
  );
}
