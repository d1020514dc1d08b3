import type { ActiveUsers } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { age, count, NONE } from "../../../app/format";
import { useNow } from "../../../app/now";
import { operateTexts } from "../../../app/texts/operate";
import { RowTable } from "../paged-table";

const { analytics: texts } = operateTexts;

/** Those who are active, the latest first; the server lists at most 500. */
export function ActiveList({ active: { users, count: all } }: { active: ActiveUsers }): ReactNode {
  const now = useNow();
  return (
    <section className="block">
      <h2>{texts.activeUsers}</h2>
      {users.length < all && <p className="dim">{texts.listed(count(users.length), count(all))}</p>}
      <RowTable
        className="active-users"
        head={
          <>
            <th scope="col">{texts.user}</th>
            <th scope="col">{texts.zone}</th>
            <th scope="col" className="wide-only">
              {texts.endpoints}
            </th>
            <th scope="col" className="number">
              {texts.lastActivity}
            </th>
          </>
        }
        rows={users}
        none={texts.nobody}
        renderRow={(one) => (
          <tr key={one.wallet_address}>
            <th scope="row">
              <Link href={`/operate/users/${encodeURIComponent(one.wallet_address)}`} className="isolate">
                {one.nickname ?? one.wallet_address}
              </Link>
            </th>
            <td>{one.zone ?? NONE}</td>
            <td className="dim wide-only">{one.endpoints.join(", ")}</td>
            <td className="number dim">{age(now, one.lastActivityMs)}</td>
          </tr>
        )}
      />
    </section>
  );
}
