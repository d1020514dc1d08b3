import type { ReactNode } from "react";
import { NONE } from "../../../app/format";
import { operateTexts } from "../../../app/texts/operate";
import type { Change } from "./before-after";

const { audit: texts } = operateTexts;

/** The fields that an action changed, each with its value before and after. */
export function Changes({ of }: { of: readonly Change[] }): ReactNode {
  return (
    <table className="rows changes">
      <thead>
        <tr>
          <th scope="col">{texts.field}</th>
          <th scope="col">{texts.before}</th>
          <th scope="col">{texts.after}</th>
        </tr>
      </thead>
      <tbody>
        {of.map(({ field, before, after }) => (
          <tr key={field}>
            <th scope="row">{field}</th>
            <td className="isolate">{inWords(before)}</td>
            <td className="isolate">{inWords(after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function inWords(value: unknown): string {
  if (value === null) return NONE;
  return typeof value === "string" ? value : JSON.stringify(value);
}
