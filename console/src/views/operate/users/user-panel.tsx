import type { ListedUser } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { count } from "../../../app/format";
import { user as me } from "../../../app/session";
import { useSignal } from "../../../app/signal";
import { operateTexts } from "../../../app/texts/operate";
import { useReading } from "../../../data/reading";
import { Fact } from "../../../parts/fact";
import { Ago } from "../../../parts/ago";
import { LiveState } from "../../../parts/live-state";
import { Facts, Panel } from "../panel";
import { BanForm } from "./ban-form";
import { NicknameForm } from "./nickname-form";
import { mayBan, maySetRole } from "./rights";
import { RoleForm } from "./role-form";

const { users: texts } = operateTexts;

interface Props {
  readonly wallet: string;
  /** The address without the details. */
  readonly closed: string;
  readonly changed: () => void;
}

/** A user, and what an operator may change. A wallet that is not stored is stored with the first change. */
export function UserPanel({ wallet, closed, changed }: Props): ReactNode {
  const listed = useReading("GET /api/v69/users", { parameters: { search: wallet, limit: 50 } });
  const stored = listed.value?.data.find((one) => one.wallet === wallet);
  const by = useSignal(me);

  function again(): void {
    listed.again();
    changed();
  }

  return (
    <Panel name={wallet} title={<bdi>{stored?.nickname ?? wallet}</bdi>} closed={closed}>
      <LiveState status={listed.status} error={listed.error} at={listed.at} retry={() => listed.again()} />
      {listed.value && by && (
        <>
          <Details wallet={wallet} stored={stored} />
          <NicknameForm wallet={wallet} nickname={stored?.nickname ?? null} changed={again} />
          {maySetRole(by, { wallet, role: stored?.role ?? null }) && (
            <RoleForm wallet={wallet} role={stored?.role ?? null} changed={again} />
          )}
          {mayBan(by, { wallet, role: stored?.role ?? null }) && (
            <BanForm wallet={wallet} isBanned={stored?.banned ?? false} changed={again} />
          )}
        </>
      )}
    </Panel>
  );
}

function Details({ wallet, stored }: { wallet: string; stored: ListedUser | undefined }): ReactNode {
  const { value, error } = useReading("GET /api/v69/users/{wallet}", { parameters: { wallet } });
  const isUnknown = error?.code === "USER_NOT_FOUND";
  return (
    <>
      {isUnknown && !stored && <p className="dim">{texts.unknown}</p>}
      {error && !isUnknown && <LiveState status="live" error={error} />}
      <Facts>
        <Fact name={texts.wallet}>{wallet}</Fact>
        <Fact name={texts.role}>
          {stored?.role ? (operateTexts.roles[stored.role] ?? stored.role) : texts.fromToken}
        </Fact>
        {stored?.banned && (
          <Fact name={texts.ban}>
            <span className="bad">{texts.banned}</span>
          </Fact>
        )}
        {stored && (
          <Fact name={texts.since}>
            <Ago at={stored.createdAt} />
          </Fact>
        )}
        {value && (
          <>
            <Fact name={texts.level}>{texts.levelAndXp(count(value.level), count(value.xp))}</Fact>
            <Fact name={texts.contests}>{texts.contestsAndWins(count(value.contests), count(value.wins))}</Fact>
            <Fact name={texts.achievements}>{count(value.achievements.length)}</Fact>
          </>
        )}
      </Facts>
    </>
  );
}
