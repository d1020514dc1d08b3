import { useStore } from "@duelcast/client/react";
import type { ReactNode } from "react";
import { countdown, NONE } from "../../../app/format";
import { useNow } from "../../../app/now";
import { operateTexts } from "../../../app/texts/operate";
import { LiveState } from "../../../parts/live-state";
import { StateTag } from "../state-tag";
import { dashboard, serverStatus } from "../stores";
import { Figures } from "./figures";
import { Nodes } from "./nodes";
import { OpenAlerts } from "./open-alerts";

const { overview } = operateTexts;

/** The state of the whole server at a glance. */
export function Overview(): ReactNode {
  const { value, status, error } = useStore(serverStatus.at(0));
  return (
    <>
      <header className="view">
        <h1>{overview.title}</h1>
        {value && <StateTag status={value.status} names={operateTexts.server} />}
        {value && <span>{value.message}</span>}
        <span className="dim">
          {value?.version && overview.version(value.version)} <Uptime />
        </span>
      </header>
      <LiveState status={status} error={error} at={value && Date.parse(value.timestamp)} />
      <Figures />
      <OpenAlerts />
      <Nodes />
    </>
  );
}

/** How long the server has been running. */
function Uptime(): ReactNode {
  const { value: startMs } = useStore(dashboard.at(0), (one) => one?.stats.startTimeMs);
  const now = useNow();
  return startMs === undefined ? NONE : overview.upFor(countdown(now - startMs));
}
