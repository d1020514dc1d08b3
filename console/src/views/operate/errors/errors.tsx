import { useStore } from "@duelcast/client/react";
import type { GetRecentErrors } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { count, moment } from "../../../app/format";
import { operateTexts } from "../../../app/texts/operate";
import { Ago } from "../../../parts/ago";
import { LiveState } from "../../../parts/live-state";
import { Choice, Filters, TextFilter } from "../filters";
import { Plain } from "../plain";
import { useQuery } from "../query";
import { useRecentErrors } from "../recent-errors";
import { managed } from "../stores";
import { groupsOf, searched, type ErrorGroup } from "./groups";
import { isSameList } from "../same-list";

const { errors: texts } = operateTexts;
/** The most that the server gives at once; more arrive while the page is open. */
const LIMIT = 100;
/** So that a storm of different errors does not slow down the page. */
const MAX_GROUPS = 100;

/** The newest recorded errors, and those that occur now, as groups of equal ones. */
export function Errors(): ReactNode {
  const query = useQuery();
  const [service, level] = [query.get("service"), query.get("level")];
  const { records, total, status, error, again } = useRecentErrors({
    limit: LIMIT,
    ...(service && { service }),
    ...(level && { level: level as NonNullable<GetRecentErrors["level"]> }),
  });
  const { value: known } = useStore(managed, (all) => [...all.keys()].sort(), isSameList);
  const services = new Set([...known, ...records.map((one) => one.service), ...(service && [service])]);
  const isFiltered = [service, level, query.get("q")].some((one) => one !== "");
  const groups = groupsOf(searched(records, query.get("q")));

  return (
    <>
      <header className="view">
        <h1>{texts.title}</h1>
        {status !== "loading" && <p className="dim">{texts.count(records.length, total)}</p>}
      </header>
      <Filters>
        <TextFilter type="search" query={query} name="q" label={texts.search} />
        <Choice
          query={query}
          name="service"
          label={texts.service}
          all={texts.allServices}
          options={[...services].map((one) => [one, one])}
        />
        <Choice
          query={query}
          name="level"
          label={texts.level}
          all={texts.allLevels}
          options={Object.entries(texts.levels)}
        />
      </Filters>
      <LiveState status={status} error={error} retry={again} />
      <ul className="groups">
        {groups.slice(0, MAX_GROUPS).map((one) => (
          <Group key={one.key} group={one} />
        ))}
      </ul>
      {status !== "loading" && groups.length === 0 && (
        <p className="empty">{isFiltered ? texts.none : texts.noneAtAll}</p>
      )}
    </>
  );
}

const TONES: Readonly<Record<string, string>> = { critical: "bad", error: "bad", warning: "warn" };
const MAX_RECORDS = 20;

function Group({ group: { newest, records, count: times, since } }: { group: ErrorGroup }): ReactNode {
  return (
    <li>
      <details>
        <summary>
          <span className="tag" data-tone={TONES[newest.level]}>
            {texts.levels[newest.level] ?? newest.level}
          </span>
          <span className="clip isolate">{newest.error}</span>
          <span className="dim">
            <bdi>{texts.origin(newest.service, newest.source)}</bdi> · {texts.times(count(times))} ·{" "}
            <Ago at={newest.timestamp} />
          </span>
        </summary>
        <p className="dim">{texts.since(moment(Date.parse(since)))}</p>
        <Plain>{newest.error}</Plain>
        <ol>
          {records.slice(0, MAX_RECORDS).map((one) => (
            <li key={one.id}>
              <p className="dim">
                {moment(Date.parse(one.timestamp))} · {texts.record(one.id)} · {texts.times(count(one.count))}
              </p>
              {Object.keys(one.details).length > 0 && <Plain>{JSON.stringify(one.details, null, 2)}</Plain>}
            </li>
          ))}
        </ol>
      </details>
    </li>
  );
}
