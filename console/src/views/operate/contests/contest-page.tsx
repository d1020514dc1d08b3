import { useStore } from "@duelcast/client/react";
import type { ContestView } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { count, moment } from "../../../app/format";
import { operateTexts } from "../../../app/texts/operate";
import { contests } from "../../../data/contests";
import { useReading } from "../../../data/reading";
import { Fact } from "../../../parts/fact";
import { LiveState } from "../../../parts/live-state";
import { Facts } from "../panel";
import { StateTag } from "../state-tag";
import { ContestActions } from "./contest-actions";
import { EditForm } from "./edit-form";
import { endOf } from "./end";
import { Entries } from "./entries";
import { editable } from "./form";

const { contests: texts } = operateTexts;

/** A contest to manage. */
export function ContestPage({ id }: { id: number }): ReactNode {
  const {
    value: read,
    status,
    error,
    at,
    again,
  } = useReading("GET /api/v69/contests/{contest_id}", {
    parameters: { contest_id: id },
  });
  const { value: live, status: liveStatus } = useStore(contests.at(id));
  const contest = live ?? read;
  return (
    <>
      <p>
        <Link href="/operate/contests">{texts.back}</Link>
      </p>
      <LiveState status={live ? liveStatus : status} error={error} at={live ? undefined : at} retry={again} />
      {contest && (
        <>
          <header className="view">
            <h1 className="isolate">{contest.name}</h1>
            <StateTag status={contest.status} names={texts.statuses} />
            <Link href={`/contests/${id}`}>{texts.show}</Link>
          </header>
          <ContestActions contest={contest} changed={again} />
          <div className="pair">
            <section className="side-panel">
              <h2>{texts.terms}</h2>
              {editable(contest).length > 0 ? (
                // Terms that change elsewhere meanwhile do not take away what was typed.
                <EditForm contest={contest} changed={again} />
              ) : (
                <p className="dim">{texts.notEditable}</p>
              )}
            </section>
            <section className="side-panel">
              <h2>{texts.state}</h2>
              <State contest={contest} createdBy={read?.created_by} />
            </section>
          </div>
          <Entries contest={contest} />
        </>
      )}
    </>
  );
}

function State({ contest, createdBy }: { contest: ContestView; createdBy: string | undefined }): ReactNode {
  return (
    <Facts>
      <Fact name={texts.code}>{contest.contest_code}</Fact>
      <Fact name={texts.starts}>{moment(Date.parse(contest.start_time))}</Fact>
      <Fact name={texts.ends}>{moment(endOf(contest))}</Fact>
      <Fact name={texts.participants}>
        {texts.ofRange(
          count(contest.participantCount),
          count(contest.min_participants),
          contest.max_participants === null ? undefined : count(contest.max_participants),
        )}
      </Fact>
      <Fact name={texts.spectators}>{count(contest.spectatorCount)}</Fact>
      {contest.cancellation_reason !== null && <Fact name={texts.reason}>{contest.cancellation_reason}</Fact>}
      {createdBy && <Fact name={texts.createdBy}>{createdBy}</Fact>}
    </Facts>
  );
}
