import type { Setting } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { NONE } from "../../../app/format";
import { operateTexts } from "../../../app/texts/operate";

interface Props {
  readonly setting: Setting;
  readonly text: string;
  readonly edit: (text: string) => void;
  readonly describedBy: string;
  readonly isInvalid: boolean;
}

/** The input for a value of the setting's type. */
export function ValueInput({ setting, text, edit, describedBy, isInvalid }: Props): ReactNode {
  const common = { value: text, "aria-describedby": describedBy, "aria-invalid": isInvalid };
  if (setting.value_type === "boolean") {
    return (
      <select {...common} onChange={(event) => edit(event.target.value)}>
        {setting.secret && <option value="">{NONE}</option>}
        <option value="true">{operateTexts.settings.on}</option>
        <option value="false">{operateTexts.settings.off}</option>
      </select>
    );
  }
  if (setting.secret) {
    return <input type="password" autoComplete="off" {...common} onChange={(event) => edit(event.target.value)} />;
  }
  if (setting.value_type === "number") {
    return <input inputMode="decimal" autoComplete="off" {...common} onChange={(event) => edit(event.target.value)} />;
  }
  const rows = Math.min(12, Math.max(2, text.split("\n").length));
  return (
    <textarea
      className={setting.value_type === "json" ? "code" : undefined}
      spellCheck={false}
      rows={rows}
      {...common}
      onChange={(event) => edit(event.target.value)}
    />
  );
}
