import { useState, type FormEvent, type ReactNode } from "react";
import { operateTexts } from "../../../app/texts/operate";
import { useAction } from "../../../data/action";
import { Button } from "../../../parts/button";
import { Confirm } from "../../../parts/dialog";
import { Outcome } from "../outcome";
import { changeUser } from "./change";

const { users: texts, roles } = operateTexts;

interface Props {
  readonly wallet: string;
  /** The stored role; null if that of the token applies. */
  readonly role: string | null;
  readonly changed: () => void;
}

/** Stores another role. */
export function RoleForm({ wallet, role, changed }: Props): ReactNode {
  const action = useAction();
  const [chosen, setChosen] = useState<string>();
  const [isAsked, setIsAsked] = useState(false);
  const wanted = chosen ?? role ?? "";

  function submit(event: FormEvent): void {
    event.preventDefault();
    setIsAsked(true);
  }

  function change(): void {
    void action
      .run(() => changeUser(wallet, { role: wanted as "user" }))
      .then((isDone) => {
        if (!isDone) return;
        setChosen(undefined);
        changed();
      });
  }

  return (
    <>
      <form className="form" onSubmit={submit}>
        <label>
          {texts.role}
          <select value={wanted} onChange={(event) => setChosen(event.target.value)}>
            {role === null && <option value="">{texts.fromToken}</option>}
            {Object.entries(roles).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <Outcome action={action} done={texts.roleSaved} />
        <div className="actions">
          <Button isOff={action.isBusy || wanted === "" || wanted === role}>{texts.saveRole}</Button>
        </div>
      </form>
      {isAsked && (
        <Confirm
          title={texts.roleQuestion(roles[wanted] ?? wanted)}
          action={texts.saveRole}
          word={wallet}
          close={() => setIsAsked(false)}
          confirmed={change}
        >
          <p>{texts.roleConsequences[wanted]}</p>
        </Confirm>
      )}
    </>
  );
}
