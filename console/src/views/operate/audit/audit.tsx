import { http } from "@duelcast/client/http";
import type { AuditEntry } from "@duelcast/client/types";
import { useState, type ReactNode } from "react";
import { exactMoment } from "../../../app/format";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { usePages } from "../../../data/pages";
import { Fact } from "../../../parts/fact";
import { Ago } from "../../../parts/ago";
import { Dialog } from "../../../parts/dialog";
import { Filters, TextFilter } from "../filters";
import { PagedTable } from "../paged-table";
import { Facts } from "../panel";
import { Plain } from "../plain";
import { useQuery } from "../query";
import { changesOf } from "./before-after";
import { Changes } from "./changes";
import { toParameters } from "./parameters";

const { audit: texts } = operateTexts;

/** The audit trail: who did what, and with what outcome. */
export function Audit(): ReactNode {
  const query = useQuery();
  const [shown, setShown] = useState<AuditEntry>();
  const parameters = toParameters(query.get);
  const pages = usePages(JSON.stringify(parameters), (cursor, signal) =>
    http(client, "GET /api/v69/audit", { parameters: { ...parameters, cursor }, signal }),
  );
  return (
    <>
      <header className="view">
        <h1>{texts.title}</h1>
        <button type="button" className="end" onClick={pages.again}>
          {texts.readAgain}
        </button>
      </header>
      <Filters>
        <TextFilter query={query} name="wallet" label={texts.wallet} />
        <TextFilter query={query} name="action" label={texts.action} />
        <TextFilter query={query} name="target" label={texts.target} />
        <label>
          <span className="dim">{texts.from}</span>
          <input type="date" value={query.get("from")} onChange={(event) => query.set("from", event.target.value)} />
        </label>
        <label>
          <span className="dim">{texts.to}</span>
          <input type="date" value={query.get("to")} onChange={(event) => query.set("to", event.target.value)} />
        </label>
      </Filters>
      <PagedTable
        className="audit"
        head={
          <>
            <th scope="col">{texts.time}</th>
            <th scope="col" className="wide-only">
              {texts.wallet}
            </th>
            <th scope="col">{texts.action}</th>
            <th scope="col" className="wide-only">
              {texts.target}
            </th>
            <th scope="col">{texts.outcome}</th>
          </>
        }
        pages={pages}
        none={texts.none}
        renderRow={(one) => <Row key={one.id} entry={one} show={setShown} />}
      />
      {shown && <Details entry={shown} close={() => setShown(undefined)} />}
    </>
  );
}

function Row({ entry, show }: { entry: AuditEntry; show: (entry: AuditEntry) => void }): ReactNode {
  return (
    <tr>
      <td>
        <span className="wide-only">{exactMoment(Date.parse(entry.timestamp))}</span>
        <span className="narrow-only">
          <Ago at={entry.timestamp} />
        </span>
      </td>
      <td className="wide-only isolate">{entry.wallet}</td>
      <th scope="row">
        <button type="button" className="link" onClick={() => show(entry)}>
          {entry.action}
        </button>
      </th>
      <td className="wide-only isolate">{entry.target}</td>
      <td className={entry.outcome === "ok" ? "good" : "bad"}>{entry.outcome}</td>
    </tr>
  );
}

function Details({ entry, close }: { entry: AuditEntry; close: () => void }): ReactNode {
  const changes = changesOf(entry);
  return (
    <Dialog title={entry.action} close={close}>
      <Facts>
        <Fact name={texts.time}>{exactMoment(Date.parse(entry.timestamp))}</Fact>
        <Fact name={texts.wallet}>{entry.wallet}</Fact>
        <Fact name={texts.role}>{operateTexts.roles[entry.role] ?? entry.role}</Fact>
        <Fact name={texts.target}>{entry.target}</Fact>
        <Fact name={texts.outcome}>{entry.outcome}</Fact>
        <Fact name={texts.id}>{entry.id}</Fact>
      </Facts>
      {changes && <Changes of={changes} />}
      {!changes && Object.keys(entry.details).length > 0 && <Plain>{JSON.stringify(entry.details, null, 2)}</Plain>}
    </Dialog>
  );
}
