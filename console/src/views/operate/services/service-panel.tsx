import { useStore } from "@duelcast/client/react";
import type { SkyDuelService } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { count, decimal } from "../../../app/format";
import { operateTexts } from "../../../app/texts/operate";
import { Fact } from "../../../parts/fact";
import { Ago } from "../../../parts/ago";
import { LiveState } from "../../../parts/live-state";
import { AlertList } from "../alert-list";
import { useAlertHistory } from "../alerts";
import { Facts, Panel } from "../panel";
import { StateTag } from "../state-tag";
import { managed, states } from "../stores";
import { Actions } from "./actions";
import { BreakerFacts } from "./breaker-facts";
import { ms } from "./figures";
import { LastErrors } from "./last-errors";

const { services: texts, never } = operateTexts;
/** Figures that stand elsewhere in the panel. */
const SHOWN = ["total", "successful", "failed", "rejected", "averageOperationTimeMs", "p95OperationTimeMs"];

/** The details of a service. */
export function ServicePanel({ name }: { name: string }): ReactNode {
  const { value: service } = useStore(managed.at(name));
  return (
    <Panel name={name} title={service?.displayName ?? name} closed="/operate/services">
      {service ? <Details service={service} /> : <p className="empty">{texts.unknown(name)}</p>}
    </Panel>
  );
}

function Details({ service }: { service: SkyDuelService }): ReactNode {
  const { value: state } = useStore(states.at(service.name));
  const figures = Object.entries(service.metrics).filter(([name]) => !SHOWN.includes(name));
  return (
    <>
      {service.description && <p>{service.description}</p>}
      <Actions service={service} />
      <Facts>
        <Fact name={texts.state}>
          <StateTag status={service.status} />
        </Fact>
        <Fact name={texts.updated}>
          <Ago at={state?.updated_at} />
        </Fact>
        <Fact name={texts.kind}>{texts.kinds[service.kind] ?? service.kind}</Fact>
        {service.version && <Fact name={texts.version}>{service.version}</Fact>}
        <Fact name={texts.started}>
          <Ago at={service.startedAt} none={never} />
        </Fact>
        <Fact name={texts.restarts}>{count(service.restarts)}</Fact>
        {state && (
          <>
            <Fact name={texts.calls}>
              {texts.callCounts(
                count(state.operations.total),
                count(state.operations.failed),
                count(state.operations.rejected),
              )}
            </Fact>
            <Fact name={texts.times}>
              {texts.durations(
                ms(state.performance.p95OperationTimeMs),
                ms(state.performance.averageOperationTimeMs),
                ms(state.performance.lastOperationTimeMs),
              )}
            </Fact>
          </>
        )}
        <Fact name={texts.dependsOn}>
          <Names of={service.dependencies} />
        </Fact>
        <Fact name={texts.neededBy}>
          <Names of={service.dependents} />
        </Fact>
      </Facts>
      {state && state.circuit_breaker.status !== "disabled" && <BreakerFacts breaker={state.circuit_breaker} />}
      <History service={service.name} />
      <LastErrors service={service.name} />
      {figures.length > 0 && (
        <details>
          <summary>{texts.figures}</summary>
          <Facts>
            {figures.map(([name, value]) => (
              <Fact key={name} name={name}>
                {value !== null && Number.isInteger(value) ? count(value) : decimal(value, 2)}
              </Fact>
            ))}
          </Facts>
        </details>
      )}
      {state && Object.keys(state.config).length > 0 && (
        <details>
          <summary>{texts.config}</summary>
          <Facts>
            {Object.entries(state.config).map(([name, value]) => (
              <Fact key={name} name={name}>
                {typeof value === "string" ? value : JSON.stringify(value)}
              </Fact>
            ))}
          </Facts>
        </details>
      )}
    </>
  );
}

/** What has become of the breaker and of the health of a service. */
function History({ service }: { service: string }): ReactNode {
  const {
    alerts,
    reading: { value, status, error, at, again },
  } = useAlertHistory(service);
  return (
    <>
      <h3>{texts.history}</h3>
      <LiveState status={status} error={error} at={at} retry={again} />
      {value !== undefined && alerts.length === 0 && <p className="dim">{texts.noHistory}</p>}
      <AlertList alerts={alerts} />
    </>
  );
}

function Names({ of }: { of: readonly string[] }): ReactNode {
  if (of.length === 0) return texts.nothing;
  return (
    <span className="names">
      {of.map((name) => (
        <Link key={name} href={`/operate/services/${name}`}>
          {name}
        </Link>
      ))}
    </span>
  );
}
