import { http } from "@duelcast/client/http";
import type { PostedNotifications } from "@duelcast/client/types";
import { useRef, useState, type FormEvent, type ReactNode } from "react";
import { serverNow } from "../../../app/now";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { useAction } from "../../../data/action";
import { drafts } from "../../../data/drafts";
import { Button } from "../../../parts/button";
import { Confirm } from "../../../parts/dialog";
import { Item } from "../../inbox/item";
import { Outcome } from "../outcome";
import { EMPTY, fieldOf, toInput, toPreview, type Draft, type Field } from "./draft";
import { Fields } from "./fields";
import { Sent } from "./sent";

const { announcements: texts } = operateTexts;
const KEY = "announcement";
const typed = drafts<Draft>();

/** Writes an announcement to everybody: first a form, then a preview, then a confirmation. */
export function Announcements(): ReactNode {
  const kept = typed.use(KEY);
  const draft = kept ?? EMPTY;
  const action = useAction();
  const [isAsked, setIsAsked] = useState(false);
  const [counts, setCounts] = useState<PostedNotifications>();
  const form = useRef<HTMLFormElement>(null);
  const [openedAt] = useState(serverNow);
  const refused = fieldOf(action.error?.field);
  const isComplete = draft.title.trim() !== "" && draft.content.trim() !== "" && draft.type.trim() !== "";

  function edit(field: Field, text: string): void {
    typed.keep(KEY, { ...draft, [field]: text });
  }

  function discard(): void {
    typed.drop(KEY);
    // The button that was pressed goes away.
    form.current?.querySelector("input")?.focus();
  }

  function ask(event: FormEvent): void {
    event.preventDefault();
    setIsAsked(true);
  }

  function send(): void {
    const body = toInput(draft);
    void action.run(async () => {
      const parameters = { "Idempotency-Key": typed.idempotencyKey(KEY, body) };
      setCounts(await http(client, "POST /api/v69/notifications", { parameters, body }));
      typed.drop(KEY);
    });
  }

  return (
    <>
      <header className="view">
        <h1>{texts.title}</h1>
        <p className="dim">{texts.about}</p>
      </header>
      <div className="pair">
        <form ref={form} className="form side-panel" onSubmit={ask}>
          <Fields
            draft={draft}
            edit={edit}
            problem={refused && action.error ? { field: refused, text: action.error.message } : undefined}
          />
          <Outcome
            action={refused ? { ...action, error: undefined } : action}
            done={counts?.created === 0 ? texts.sentBefore : texts.sent}
          />
          <div className="actions">
            <Button className="primary" isOff={!isComplete || action.isBusy}>
              {texts.send}
            </Button>
            {kept && (
              <button type="button" onClick={discard}>
                {texts.discard}
              </button>
            )}
          </div>
        </form>
        <section className="side-panel">
          <h2>{texts.preview}</h2>
          {kept ? <Preview draft={draft} sentMs={openedAt} /> : <p className="dim">{texts.nothing}</p>}
        </section>
      </div>
      <Sent />
      {isAsked && (
        <Confirm
          title={texts.question}
          action={texts.send}
          word={texts.word}
          close={() => setIsAsked(false)}
          confirmed={send}
        >
          <p>{texts.consequence}</p>
          <Preview draft={draft} sentMs={openedAt} />
        </Confirm>
      )}
    </>
  );
}

function Preview({ draft, sentMs }: { draft: Draft; sentMs: number }): ReactNode {
  return (
    <ul className="notifications">
      <Item of={toPreview(draft, sentMs)} />
    </ul>
  );
}
