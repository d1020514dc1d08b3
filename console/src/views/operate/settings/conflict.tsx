import type { Setting } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { operateTexts } from "../../../app/texts/operate";
import { Ago } from "../../../parts/ago";
import { Plain } from "../plain";
import { inLine, toText } from "./value";

const { settings: texts } = operateTexts;

interface Props {
  readonly mine: string;
  readonly current: Setting;
  readonly isSecret: boolean;
  readonly keepMine: () => void;
  readonly takeTheirs: () => void;
}

/** Shows a user's value and the one that somebody else has stored meanwhile, and asks which of them shall hold. */
export function Conflict({ mine, current, isSecret, keepMine, takeTheirs }: Props): ReactNode {
  return (
    <div className="conflict" role="alert">
      <p>
        {texts.conflict} {current.updatedBy && texts.by(current.updatedBy)}{" "}
        {current.updatedAt !== null && <Ago at={current.updatedAt} />}
      </p>
      {!isSecret && (
        <dl>
          <dt>{texts.mine}</dt>
          <dd>
            <Plain>{mine}</Plain>
          </dd>
          <dt>{texts.theirs(current.version)}</dt>
          <dd>
            <Plain>{current.secret ? inLine(current) : toText(current)}</Plain>
          </dd>
        </dl>
      )}
      <div className="actions">
        <button type="button" className="primary" onClick={keepMine}>
          {texts.keepMine}
        </button>
        <button type="button" onClick={takeTheirs}>
          {texts.takeTheirs}
        </button>
      </div>
    </div>
  );
}
