import { http } from "@duelcast/client/http";
import type { SettingInForce } from "@duelcast/client/types";
import { useState, type ReactNode } from "react";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { useAction } from "../../../data/action";
import { Fact } from "../../../parts/fact";
import { Ago } from "../../../parts/ago";
import { Confirm } from "../../../parts/dialog";
import { LiveState } from "../../../parts/live-state";
import { Facts, Panel } from "../panel";
import { Editor } from "./editor";
import { History } from "./history";
import { inLine } from "./value";

const { settings: texts } = operateTexts;

interface Props {
  /** The key. */
  readonly name: string;
  readonly setting: SettingInForce | undefined;
  /** The address without the details. */
  readonly closed: string;
  readonly changed: () => void;
}

/** The details of a setting, and its value to edit. */
export function SettingPanel({ name, setting, closed, changed }: Props): ReactNode {
  return (
    <Panel name={name} title={name} closed={closed}>
      {setting ? <Details setting={setting} changed={changed} /> : <p className="empty">{texts.unknown(name)}</p>}
    </Panel>
  );
}

function Details({ setting, changed }: { setting: SettingInForce; changed: () => void }): ReactNode {
  const { key, description, value_type: type, visibility, version, updatedAt, updatedBy, secret, source } = setting;
  const [done, setDone] = useState("");
  const finish = (text: string): void => {
    setDone(text);
    changed();
  };
  const sourceName = texts.sources[source] ?? source;
  return (
    <>
      {description && <p>{description}</p>}
      <Editor setting={setting} done={done} finish={finish} edited={() => setDone("")} />
      <Facts>
        <Fact name={texts.type}>{texts.types[type] ?? type}</Fact>
        <Fact name={texts.visibility}>{texts.visibilities[visibility] ?? visibility}</Fact>
        {secret && <Fact name={texts.secret}>{texts.secretMeaning}</Fact>}
        <Fact name={texts.source}>{source === "stored" ? texts.version(sourceName, version) : sourceName}</Fact>
        <Value name={texts.configured} value={setting.configured} />
        <Value name={texts.default} value={setting.default} />
        {version > 0 && (
          <Fact name={texts.changed}>
            <Ago at={updatedAt} /> {updatedBy && texts.by(updatedBy)}
          </Fact>
        )}
      </Facts>
      {version > 0 && source !== "stored" && <p className="warn">{texts.ignored(version)}</p>}
      {version > 0 && <Removal setting={setting} removed={() => finish(texts.removed)} />}
      <History key={`${key} ${version}`} name={key} />
    </>
  );
}

/** A value that would hold in place of the present one, if there is one. */
function Value({ name, value }: { name: string; value: unknown }): ReactNode {
  if (value === undefined) return null;
  return (
    <Fact name={name}>
      <code className="clip">{inLine({ value, secret: false })}</code>
    </Fact>
  );
}

/** Deletes the stored value. */
function Removal({ setting, removed }: { setting: SettingInForce; removed: () => void }): ReactNode {
  const { key, version, configured, default: byDefault } = setting;
  const next = configured ?? byDefault;
  const [isAsked, setIsAsked] = useState(false);
  const action = useAction();
  const parameters = { key, expectedVersion: version };
  const remove = (): void => {
    void action
      .run(() => http(client, "DELETE /api/v69/settings/{key}", { parameters }))
      .then((isDone) => isDone && removed());
  };

  return (
    <div className="removal">
      <button type="button" onClick={() => setIsAsked(true)}>
        {texts.remove}
      </button>
      {action.error && <LiveState status="live" error={action.error} />}
      {isAsked && (
        <Confirm
          title={texts.removeQuestion(key)}
          action={texts.remove}
          word={key}
          close={() => setIsAsked(false)}
          confirmed={remove}
        >
          <p>{next === undefined ? texts.isDeleted : texts.fallsBack(inLine({ value: next, secret: false }))}</p>
        </Confirm>
      )}
    </div>
  );
}
