import { http } from "@duelcast/client/http";
import type { ContestPatch, ContestView } from "@duelcast/client/types";
import type { FormEvent, ReactNode } from "react";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { Button } from "../../../parts/button";
import { Outcome } from "../outcome";
import { Fields } from "./fields";
import { draftOf, editable, toPatch } from "./form";
import { useContestForm } from "./use-form";

const { contests: texts } = operateTexts;

interface Props {
  readonly contest: ContestView;
  readonly changed: () => void;
}

/** Changes the terms of a contest; only fields that were changed are sent. */
export function EditForm({ contest, changed }: Props): ReactNode {
  const before = draftOf(contest);
  const form = useContestForm<ContestPatch>(String(contest.id), before);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const parameters = { contest_id: contest.id };
    void form
      .send(
        (draft) => toPatch(draft, before),
        (body) => http(client, "PATCH /api/v69/contests/{contest_id}", { parameters, body }),
      )
      .then((isDone) => isDone && changed());
  }

  return (
    <form className="form" onSubmit={submit} noValidate>
      <Fields fields={editable(contest)} draft={form.draft} problems={form.problems} edit={form.edit} />
      <Outcome action={form.action} done={texts.saved} />
      <div className="actions">
        <Button className="primary" isOff={!form.isChanged || form.action.isBusy}>
          {texts.save}
        </Button>
        {form.isChanged && (
          <button type="button" onClick={form.discard}>
            {texts.discard}
          </button>
        )}
      </div>
    </form>
  );
}
