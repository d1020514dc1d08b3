import type { ReactNode } from "react";
import { operateTexts } from "../../app/texts/operate";
import type { Action } from "../../data/action";

interface Props {
  readonly action: Action;
  /** Said when it has succeeded. */
  readonly done: string;
  readonly id?: string;
}

/** What has become of something that the user asked for. */
export function Outcome({ action: { isBusy, isDone, error }, done, id }: Props): ReactNode {
  const tone = error ? "bad" : isBusy ? "busy" : "good";
  return (
    <p id={id} role="status" className="outcome" data-tone={tone}>
      {error && operateTexts.refused(error.message, error.code)}
      {isBusy && operateTexts.pending}
      {isDone && done}
    </p>
  );
}
