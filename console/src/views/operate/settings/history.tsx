import { http } from "@duelcast/client/http";
import type { ReactNode } from "react";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { usePages } from "../../../data/pages";
import { Ago } from "../../../parts/ago";
import { More } from "../../../parts/more";
import { inLine } from "./value";

const { settings: texts } = operateTexts;
const LIMIT = 20;

/** The changes of a setting, newest first. */
export function History({ name }: { name: string }): ReactNode {
  const pages = usePages(name, (cursor, signal) =>
    http(client, "GET /api/v69/settings/{key}/history", { parameters: { key: name, limit: LIMIT, cursor }, signal }),
  );
  return (
    <>
      <h3>{texts.history}</h3>
      <ul className="list">
        {pages.rows?.map((change) => (
          <li key={change.version}>
            <code className="clip">{change.deleted ? texts.deleted : inLine(change)}</code>
            <span className="dim end">
              {texts.versionBy(change.version, change.by)} <Ago at={change.timestamp} />
            </span>
          </li>
        ))}
      </ul>
      {pages.rows?.length === 0 && <p className="dim">{texts.noHistory}</p>}
      <More pages={pages} label={operateTexts.more} />
    </>
  );
}
