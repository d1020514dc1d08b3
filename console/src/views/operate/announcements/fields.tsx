import { useId, type ReactNode } from "react";
import { operateTexts } from "../../../app/texts/operate";
import type { Draft, Field } from "./draft";

const { announcements: texts } = operateTexts;

interface Problem {
  readonly field: Field;
  readonly text: string;
}

interface Props {
  readonly draft: Draft;
  readonly edit: (field: Field, text: string) => void;
  /** What the server has refused. */
  readonly problem: Problem | undefined;
}

/** The inputs of an announcement. */
export function Fields({ draft, edit, problem }: Props): ReactNode {
  const note = useId();

  function input(field: Field): {
    value: string;
    "aria-invalid": boolean;
    "aria-describedby": string | undefined;
    onChange: (event: { target: { value: string } }) => void;
  } {
    const isRefused = problem?.field === field;
    return {
      value: draft[field],
      "aria-invalid": isRefused,
      "aria-describedby": isRefused ? note : undefined,
      onChange: (event) => edit(field, event.target.value),
    };
  }

  return (
    <>
      <label>
        {texts.fields.title}
        <input maxLength={200} autoComplete="off" required {...input("title")} />
      </label>
      <label>
        {texts.fields.content}
        <textarea rows={5} maxLength={4000} required {...input("content")} />
      </label>
      <div className="fields">
        <label>
          {texts.fields.priority}
          <select {...input("priority")}>
            {Object.entries(texts.priorities).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {texts.fields.type}
          <input autoComplete="off" required {...input("type")} />
        </label>
        <label>
          {texts.fields.link}
          <input autoComplete="off" placeholder={texts.linkHint} {...input("link")} />
        </label>
        <label>
          {texts.fields.expires}
          <input type="datetime-local" {...input("expires")} />
        </label>
      </div>
      {problem && (
        <p id={note} role="alert" className="bad">
          {texts.refused(texts.fields[problem.field], problem.text)}
        </p>
      )}
    </>
  );
}
