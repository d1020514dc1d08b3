import { useId, type ReactNode } from "react";
import { operateTexts } from "../../../app/texts/operate";
import type { Draft, Field } from "./form";

const { contests: texts } = operateTexts;
const LONG: readonly Field[] = ["description", "rules"];
const TIMES: readonly Field[] = ["start_time", "end_time"];
const DECIMALS: readonly Field[] = [
  "entry_fee",
  "prize_pool",
  "min_participants",
  "max_participants",
  "starting_balance",
];

interface Props {
  readonly fields: readonly Field[];
  readonly draft: Draft;
  /** By field: what is wrong with it. */
  readonly problems: Partial<Record<Field, string>>;
  readonly edit: (field: Field, text: string) => void;
}

/** The inputs of a contest's form. */
export function Fields({ fields, draft, problems, edit }: Props): ReactNode {
  return (
    <div className="fields">
      {fields.map((field) => (
        <Input key={field} field={field} text={draft[field]} problem={problems[field]} edit={edit} />
      ))}
    </div>
  );
}

interface InputProps {
  readonly field: Field;
  readonly text: string;
  readonly problem: string | undefined;
  readonly edit: (field: Field, text: string) => void;
}

function Input({ field, text, problem, edit }: InputProps): ReactNode {
  const note = useId();
  const hint = texts.hints[field];
  const common = {
    value: text,
    "aria-describedby": note,
    "aria-invalid": problem !== undefined,
    onChange: (event: { target: { value: string } }) => edit(field, event.target.value),
  };
  return (
    <div className="field" data-wide={LONG.includes(field) || field === "name" || field === "image_url"}>
      <label>
        {texts.fields[field]}
        {LONG.includes(field) ? (
          <textarea rows={3} {...common} />
        ) : (
          <input
            type={TIMES.includes(field) ? "datetime-local" : "text"}
            inputMode={DECIMALS.includes(field) ? "decimal" : undefined}
            autoComplete="off"
            {...common}
          />
        )}
      </label>
      <p id={note} className={problem === undefined ? "dim" : "bad"} role={problem === undefined ? undefined : "alert"}>
        {problem ?? hint}
      </p>
    </div>
  );
}
