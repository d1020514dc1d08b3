import { useId, useState, type FormEvent, type ReactNode } from "react";
import { operateTexts } from "../../../app/texts/operate";
import { useAction } from "../../../data/action";
import { Button } from "../../../parts/button";
import { Outcome } from "../outcome";
import { changeUser } from "./change";

const { users: texts } = operateTexts;

interface Props {
  readonly wallet: string;
  readonly nickname: string | null;
  readonly changed: () => void;
}

/** Changes the nickname. */
export function NicknameForm({ wallet, nickname, changed }: Props): ReactNode {
  const action = useAction();
  const [draft, setDraft] = useState<string>();
  const text = draft ?? nickname ?? "";
  const outcome = useId();

  function submit(event: FormEvent): void {
    event.preventDefault();
    void action
      .run(() => changeUser(wallet, { nickname: text }))
      .then((isDone) => {
        if (!isDone) return;
        setDraft(undefined);
        changed();
      });
  }

  return (
    <form className="form" onSubmit={submit}>
      <label>
        {texts.nickname}
        <input
          value={text}
          maxLength={64}
          autoComplete="off"
          aria-describedby={outcome}
          aria-invalid={action.error !== undefined}
          onChange={(event) => setDraft(event.target.value)}
        />
      </label>
      <Outcome id={outcome} action={action} done={texts.nicknameSaved} />
      <div className="actions">
        <Button isOff={action.isBusy || draft === undefined || text === ""}>{texts.saveNickname}</Button>
      </div>
    </form>
  );
}
