import { http } from "@duelcast/client/http";
import type { NewContest } from "@duelcast/client/types";
import { useState, type FormEvent, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { serverNow } from "../../../app/now";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { Button } from "../../../parts/button";
import { Outcome } from "../outcome";
import { Fields } from "./fields";
import { emptyDraft, FIELDS, toNew } from "./form";
import { useContestForm } from "./use-form";

const { contests: texts } = operateTexts;

/** Creates a contest. */
export function CreatePage(): ReactNode {
  const [, navigate] = useLocation();
  const [initial] = useState(() => emptyDraft(serverNow()));
  const form = useContestForm<NewContest>("new", initial);

  function submit(event: FormEvent): void {
    event.preventDefault();
    // What was proposed would be another time later.
    form.hold();
    void form.send(toNew, async (body) => {
      const parameters = { "Idempotency-Key": form.idempotencyKey(body) };
      const { id } = await http(client, "POST /api/v69/contests", { parameters, body });
      navigate(`/operate/contests/${id}`);
    });
  }

  return (
    <>
      <p>
        <Link href="/operate/contests">{texts.back}</Link>
      </p>
      <header className="view">
        <h1>{texts.create}</h1>
      </header>
      <form className="form side-panel narrow" onSubmit={submit} noValidate>
        <Fields fields={FIELDS} draft={form.draft} problems={form.problems} edit={form.edit} />
        <Outcome action={form.action} done={texts.saved} />
        <div className="actions">
          <Button className="primary" isOff={form.action.isBusy}>
            {texts.create}
          </Button>
          {form.isChanged && (
            <button type="button" onClick={form.discard}>
              {texts.discard}
            </button>
          )}
        </div>
      </form>
    </>
  );
}
