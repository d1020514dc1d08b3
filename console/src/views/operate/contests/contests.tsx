import { http } from "@duelcast/client/http";
import { useStore } from "@duelcast/client/react";
import type { ContestView } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { count, moment } from "../../../app/format";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { contests } from "../../../data/contests";
import { usePages } from "../../../data/pages";
import { Choice, Filters } from "../filters";
import { LiveState } from "../../../parts/live-state";
import { PagedTable, RowTable } from "../paged-table";
import { useQuery } from "../query";
import { StateTag } from "../state-tag";
import { endOf } from "./end";

const { contests: texts } = operateTexts;
const LIMIT = 50;

/** The contests to manage: without a filter those of these days, which are live. */
export function Contests(): ReactNode {
  const query = useQuery();
  const status = query.get("status");
  return (
    <>
      <header className="view">
        <h1>{texts.title}</h1>
        <Link href="/operate/contests/new" className="button primary end">
          {texts.create}
        </Link>
      </header>
      <Filters>
        <Choice
          query={query}
          name="status"
          label={texts.status}
          all={texts.current}
          options={Object.entries(texts.statuses)}
        />
      </Filters>
      {status === "" ? <Current /> : <Stored status={status as "pending"} />}
    </>
  );
}

function Current(): ReactNode {
  const { value, status, error } = useStore(contests);
  const rows = [...value.values()].sort((a, b) => Date.parse(b.start_time) - Date.parse(a.start_time));
  return (
    <>
      <LiveState status={status} error={error} />
      {status !== "loading" && <RowTable {...TABLE} rows={rows} />}
    </>
  );
}

function Stored({ status }: { status: "pending" | "active" | "completed" | "cancelled" }): ReactNode {
  const pages = usePages(status, (cursor, signal) =>
    http(client, "GET /api/v69/contests", { parameters: { status, limit: LIMIT, cursor }, signal }),
  );
  return <PagedTable {...TABLE} pages={pages} />;
}

/** How both tables show contests. */
const TABLE = {
  className: "managed",
  head: (
    <>
      <th scope="col">{texts.name}</th>
      <th scope="col">{texts.status}</th>
      <th scope="col" className="wide-only">
        {texts.starts}
      </th>
      <th scope="col" className="wide-only">
        {texts.ends}
      </th>
      <th scope="col" className="number">
        {texts.participants}
      </th>
    </>
  ),
  none: texts.none,
  renderRow: (one: ContestView) => (
    <tr key={one.id}>
      <th scope="row">
        <Link href={`/operate/contests/${one.id}`} className="isolate">
          {one.name}
        </Link>
      </th>
      <td>
        <StateTag status={one.status} names={texts.statuses} />
      </td>
      <td className="wide-only">{moment(Date.parse(one.start_time))}</td>
      <td className="wide-only">{moment(endOf(one))}</td>
      <td className="number">{count(one.participantCount)}</td>
    </tr>
  ),
};
