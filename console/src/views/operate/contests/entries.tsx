import { http } from "@duelcast/client/http";
import type { ContestView, ListedEntry } from "@duelcast/client/types";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { useAction, type Action } from "../../../data/action";
import { usePages } from "../../../data/pages";
import { Ago } from "../../../parts/ago";
import { Button } from "../../../parts/button";
import { Confirm } from "../../../parts/dialog";
import { Outcome } from "../outcome";
import { PagedTable } from "../paged-table";

const { contests: texts } = operateTexts;
const LIMIT = 100;

/** Those who have entered a contest; they can be disqualified, and readmitted, until it is over. */
export function Entries({ contest: { id, status } }: { contest: ContestView }): ReactNode {
  const action = useAction();
  const [asked, setAsked] = useState<ListedEntry>();
  const pages = usePages(String(id), (cursor, signal) =>
    http(client, "GET /api/v69/contests/{contest_id}/entries", {
      parameters: { contest_id: id, limit: LIMIT, cursor },
      signal,
    }),
  );
  const isOpen = status === "pending" || status === "active";

  function change({ wallet, status: present }: ListedEntry): void {
    const body = { status: present === "disqualified" ? ("active" as const) : ("disqualified" as const) };
    const parameters = { contest_id: id, wallet };
    void action.run(async () => {
      const row = await http(client, "PATCH /api/v69/contests/{contest_id}/entries/{wallet}", { parameters, body });
      pages.edit((rows) =>
        rows.map((one) => (one.wallet === wallet ? { ...one, status: row.status ?? body.status } : one)),
      );
    });
  }

  return (
    <section className="block">
      <header className="heading">
        <h2>{texts.participants}</h2>
        <button type="button" onClick={pages.again}>
          {texts.readAgain}
        </button>
      </header>
      <Outcome action={action} done={texts.entryChanged} />
      <PagedTable
        className="entries"
        head={
          <>
            <th scope="col">{texts.participant}</th>
            <th scope="col" className="wide-only">
              {texts.wallet}
            </th>
            <th scope="col">{texts.status}</th>
            <th scope="col" className="number wide-only">
              {texts.entered}
            </th>
            {isOpen && <th scope="col">{texts.actions}</th>}
          </>
        }
        pages={pages}
        none={texts.noEntries}
        renderRow={(one) => <Row key={one.wallet} entry={one} action={action} ask={isOpen ? setAsked : undefined} />}
      />
      {asked && (
        <Confirm
          title={asked.status === "disqualified" ? texts.readmitQuestion : texts.disqualifyQuestion}
          action={asked.status === "disqualified" ? texts.readmit : texts.disqualify}
          word={asked.status === "disqualified" ? undefined : asked.wallet}
          close={() => setAsked(undefined)}
          confirmed={() => change(asked)}
        >
          <p>{asked.status === "disqualified" ? texts.readmitConsequence : texts.disqualifyConsequence}</p>
          <p>
            <bdi>{asked.nickname ?? asked.wallet}</bdi>
          </p>
        </Confirm>
      )}
    </section>
  );
}

interface RowProps {
  readonly entry: ListedEntry;
  readonly action: Action;
  readonly ask: ((entry: ListedEntry) => void) | undefined;
}

function Row({ entry, action, ask }: RowProps): ReactNode {
  const isOut = entry.status === "disqualified";
  return (
    <tr>
      <th scope="row">
        <Link href={`/operate/users/${encodeURIComponent(entry.wallet)}`} className="isolate">
          {entry.nickname ?? entry.wallet}
        </Link>
      </th>
      <td className="dim wide-only">{entry.wallet}</td>
      <td className={isOut ? "bad" : undefined}>{texts.entryStatuses[entry.status] ?? entry.status}</td>
      <td className="number dim wide-only">
        <Ago at={entry.entryTime} />
      </td>
      {ask && (
        <td className="control">
          <Button type="button" isOff={action.isBusy} onClick={() => ask(entry)}>
            {isOut ? texts.readmit : texts.disqualify}
          </Button>
        </td>
      )}
    </tr>
  );
}
