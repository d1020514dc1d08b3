import { channel } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import { useEffect, type ReactNode } from "react";
import { Link } from "wouter";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { useReading } from "../../../data/reading";
import { useWhenBack } from "../../../data/when-back";
import { LiveState } from "../../../parts/live-state";
import { Choice, Filters, TextFilter } from "../filters";
import { openerOf, Split } from "../panel";
import { useQuery } from "../query";
import { categoriesOf, matching } from "./filter";
import { SettingPanel } from "./setting-panel";
import { inLine } from "./value";

const { settings: texts } = operateTexts;

/** The settings that change at run time. `chosen` is the key of the one whose details are shown. */
export function Settings({ chosen }: { chosen: string | undefined }): ReactNode {
  const { value, status, error, at, again } = useReading("GET /api/v69/settings", {});
  const changes = channel(client, "monitor", "system.settings");
  useWhenBack(useStore(changes).status, again);
  useEffect(() => changes.on(({ subtype }) => subtype === "update" && again()), [changes, again]);
  const query = useQuery();
  const all = value?.data ?? [];
  const shown = matching(all, query.get("q"), query.get("category"));
  const setting = all.find(({ key }) => key === chosen);

  return (
    <>
      <header className="view">
        <h1>{texts.title}</h1>
        {value && <p className="dim">{texts.count(shown.length, all.length)}</p>}
      </header>
      <Filters>
        <TextFilter type="search" query={query} name="q" label={texts.search} />
        <Choice
          query={query}
          name="category"
          label={texts.category}
          all={texts.allCategories}
          options={categoriesOf(all).map((one) => [one, one])}
        />
      </Filters>
      <LiveState status={status} error={error} at={at} retry={again} />
      {value && (
        <Split
          panel={
            chosen !== undefined && (
              <SettingPanel
                key={chosen}
                name={chosen}
                setting={setting}
                closed={`/operate/settings${query.address}`}
                changed={again}
              />
            )
          }
        >
          <ul className="choices">
            {shown.map((one) => (
              <li key={one.key} data-chosen={one.key === chosen}>
                <Link
                  id={openerOf(one.key)}
                  href={`/operate/settings/${one.key}${query.address}`}
                  aria-current={one.key === chosen ? "true" : undefined}
                >
                  {one.key}
                </Link>
                <code className="clip">{inLine(one)}</code>
                <p className="dim">{one.description}</p>
                {texts.tags[one.source] && <span className="tag">{texts.tags[one.source]}</span>}
              </li>
            ))}
          </ul>
          {shown.length === 0 && <p className="empty">{texts.none}</p>}
        </Split>
      )}
    </>
  );
}
