import { useStore } from "@duelcast/client/react";
import type { SkyDuelService } from "@duelcast/client/types";
import { useId, type ReactNode } from "react";
import { bytes, count, decimal, NONE, share } from "../../../app/format";
import { operateTexts } from "../../../app/texts/operate";
import { Sparkline } from "../../../parts/sparkline";
import { useHistory } from "../history";
import { dashboard, managed } from "../stores";
import { oldestFeed } from "./oldest-feed";

const { overview } = operateTexts;

/** Big numbers, each with its course since the page was opened. */
export function Figures(): ReactNode {
  const { value: newest, status } = useStore(dashboard.at(0));
  const { value: store } = useStore(managed.at("store"));
  const stats = newest?.stats;
  const at = newest && Date.parse(newest.timestamp);
  const { total, admin, user, anonymous } = stats?.connections ?? {};
  return (
    <section className="figures" aria-label={overview.figures} data-status={status}>
      <Figure
        title={overview.connections}
        value={total}
        note={stats && overview.connectionKinds(admin, user, count(anonymous))}
        at={at}
      />
      <Figure
        title={overview.messagesIn}
        value={stats?.messages.perSecondIn}
        digits={1}
        unit={overview.perSecond}
        note={stats && overview.since(count(stats.messages.received))}
        at={at}
      />
      <Figure
        title={overview.messagesOut}
        value={stats?.messages.perSecondOut}
        digits={1}
        unit={overview.perSecond}
        note={stats && overview.since(count(stats.messages.sent))}
        at={at}
      />
      <Figure
        title={overview.active}
        value={newest?.activeUsers}
        note={stats && overview.nodesServing(stats.nodes)}
        at={at}
      />
      <Figure
        title={overview.loopLag}
        value={stats?.process.eventLoopLagMs}
        digits={1}
        unit="ms"
        note={stats && overview.processor(share(Math.round(stats.process.cpuPercent)))}
        at={at}
      />
      <Figure
        title={overview.commit}
        value={store?.metrics.averageOperationTimeMs ?? undefined}
        digits={1}
        unit="ms"
        note={store && overview.commitP95(decimal(store.metrics.p95OperationTimeMs, 1))}
        at={momentOf(store)}
      />
      <FeedAge />
      <Memory value={stats?.process.memoryBytes} at={at} />
    </section>
  );
}

interface FigureProps {
  readonly title: string;
  readonly value: number | undefined;
  readonly digits?: number;
  readonly unit?: string;
  readonly note: string | undefined;
  /** The moment of the value, in epoch milliseconds. */
  readonly at: number | undefined;
}

function Figure({ title, value, digits = 0, unit, note, at }: FigureProps): ReactNode {
  const text = value === undefined ? NONE : decimal(value, digits);
  return <Card title={title} text={text} unit={unit} note={note} values={useHistory(title, value, at)} />;
}

function FeedAge(): ReactNode {
  const { value: services } = useStore(managed);
  const oldest = oldestFeed(services.values());
  return (
    <Figure
      title={overview.feedAge}
      value={oldest?.ageMs}
      unit="ms"
      note={oldest ? overview.oldestFeed(oldest.name) : overview.noFeed}
      at={momentOf(oldest && services.get(oldest.name))}
    />
  );
}

function Memory({ value, at }: { value: number | undefined; at: number | undefined }): ReactNode {
  const values = useHistory(overview.memory, value, at);
  return <Card title={overview.memory} text={bytes(value)} unit={undefined} note={undefined} values={values} />;
}

interface CardProps {
  readonly title: string;
  readonly text: string;
  readonly unit: string | undefined;
  readonly note: string | undefined;
  readonly values: readonly number[];
}

function Card({ title, text, unit, note, values }: CardProps): ReactNode {
  const id = useId();
  return (
    <section className="figure" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p className="big">
        {text} {unit !== undefined && <small>{unit}</small>}
      </p>
      <p className="dim">{note}</p>
      <Sparkline values={values} />
    </section>
  );
}

function momentOf(service: SkyDuelService | undefined): number | undefined {
  return service && Date.parse(service.lastUpdate);
}
