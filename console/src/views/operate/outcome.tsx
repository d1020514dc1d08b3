import type { ReactNode } from "react";
import { operateTexts } from "../../app/texts/operate";
import type { Action } from "../../data/use-action";

interface Props {
  readonly action: Pick<Action<unknown>, "isPending" | "error" | "outcome">;
  /** Said when it has succeeded. */
  readonly done: string;
  readonly id?: string;
}

/** What has become of something that the user asked for. */
export function Outcome({ action: { isPending, error, outcome }, done, id }: Props): ReactNode {
  const tone = error ? "bad" : isPending ? "busy" : "good";
  return (
    <p id={id} role="status" className="outcome" data-tone={tone}>
      {error && operateTexts.refused(error.message, error.code)}
      {isPending && operateTexts.pending}
      {outcome !== undefined && done}
    </p>
  );
}
