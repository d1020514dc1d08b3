import { http } from "@duelcast/client/http";
import type { ListedUser } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { usePages } from "../../../data/pages";
import { Ago } from "../../../parts/ago";
import { Choice, Filters, TextFilter } from "../filters";
import { PagedTable } from "../paged-table";
import { openerOf, Split } from "../panel";
import { useQuery } from "../query";
import { UserPanel } from "./user-panel";

const { users: texts } = operateTexts;
const LIMIT = 50;

/** The stored users. `chosen` is the wallet whose details are shown. */
export function Users({ chosen }: { chosen: string | undefined }): ReactNode {
  const query = useQuery();
  const [search, role, banned] = [query.get("q").trim(), query.get("role"), query.get("banned")];
  const parameters = {
    limit: LIMIT,
    ...(search && { search }),
    ...(role && { role: role as "user" }),
    ...(banned && { banned: banned === "true" }),
  };
  const pages = usePages(JSON.stringify(parameters), (cursor, signal) =>
    http(client, "GET /api/v69/users", { parameters: { ...parameters, cursor }, signal }),
  );
  const isListed = pages.rows?.some(({ wallet }) => wallet === search);

  return (
    <>
      <header className="view">
        <h1>{texts.title}</h1>
        <p className="dim">{texts.about}</p>
      </header>
      <Filters>
        <TextFilter type="search" query={query} name="q" label={texts.search} />
        <Choice
          query={query}
          name="role"
          label={texts.role}
          all={texts.allRoles}
          options={Object.entries(operateTexts.roles)}
        />
        <Choice
          query={query}
          name="banned"
          label={texts.ban}
          all={texts.bannedOrNot}
          options={[
            ["true", texts.banned],
            ["false", texts.notBanned],
          ]}
        />
      </Filters>
      <Split
        panel={
          chosen !== undefined && (
            <UserPanel key={chosen} wallet={chosen} closed={`/operate/users${query.address}`} changed={pages.again} />
          )
        }
      >
        {search !== "" && pages.rows && !isListed && (
          <p className="hint">
            {texts.notListed}{" "}
            <Link href={`/operate/users/${encodeURIComponent(search)}${query.address}`}>{texts.open(search)}</Link>
          </p>
        )}
        <PagedTable
          className="users"
          head={
            <>
              <th scope="col">{texts.nickname}</th>
              <th scope="col" className="spare">
                {texts.wallet}
              </th>
              <th scope="col">{texts.role}</th>
              <th scope="col" className="number wide-only">
                {texts.since}
              </th>
            </>
          }
          pages={pages}
          none={texts.none}
          renderRow={(one) => (
            <Row key={one.wallet} user={one} isChosen={one.wallet === chosen} address={query.address} />
          )}
        />
      </Split>
    </>
  );
}

interface RowProps {
  readonly user: ListedUser;
  readonly isChosen: boolean;
  readonly address: string;
}

function Row({ user: { wallet, nickname, role, banned, createdAt }, isChosen, address }: RowProps): ReactNode {
  return (
    <tr data-chosen={isChosen}>
      <th scope="row">
        <Link
          className="isolate"
          id={openerOf(wallet)}
          href={`/operate/users/${encodeURIComponent(wallet)}${address}`}
          aria-current={isChosen ? "true" : undefined}
        >
          {nickname ?? wallet}
        </Link>
      </th>
      <td className="dim spare">{wallet}</td>
      <td>
        {banned && (
          <span className="tag" data-tone="bad">
            {texts.banned}
          </span>
        )}{" "}
        {role !== null && (operateTexts.roles[role] ?? role)}
      </td>
      <td className="number dim wide-only">
        <Ago at={createdAt} />
      </td>
    </tr>
  );
}
