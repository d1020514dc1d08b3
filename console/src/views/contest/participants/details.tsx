import type { ContestView } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { amount } from "../../../app/format";
import { texts } from "../../../app/texts";
import { useReading } from "../../../data/reading";
import { Dialog } from "../../../parts/dialog";
import { LiveState } from "../../../parts/live-state";
import { Name, type Named } from "../../../parts/name";
import { Change } from "../../../parts/quote";
import { Holdings } from "./holdings";
import { Trades } from "./trades";

const REFRESH_MS = 5000;

interface Props {
  readonly contest: ContestView;
  readonly of: Named;
  readonly close: () => void;
}

/** The portfolio and the trades of a participant. */
export function Details({ contest, of, close }: Props): ReactNode {
  const { value, status, error, at, again } = useReading(
    "GET /api/v69/contests/{contest_id}/entries/{wallet}",
    { parameters: { contest_id: contest.id, wallet: of.wallet } },
    contest.status === "active" ? REFRESH_MS : undefined,
  );
  return (
    <Dialog title={<Name of={of} />} close={close}>
      <LiveState status={status} error={error} at={at} retry={again} />
      {value && (
        <>
          <p>
            <Change value={value.returnPct} />
            {value.prize !== undefined && ` · ${texts.contest.people.prize} ${amount(value.prize, contest.currency)}`}
          </p>
          <h3>{texts.contest.people.portfolio}</h3>
          <Holdings of={value.portfolio ?? []} />
        </>
      )}
      <h3>{texts.contest.trades.title}</h3>
      <Trades contestId={contest.id} wallet={of.wallet} />
    </Dialog>
  );
}
