import { useState, type ReactNode } from "react";
import { operateTexts } from "../../../app/texts/operate";
import { useAction } from "../../../data/action";
import { Button } from "../../../parts/button";
import { Confirm } from "../../../parts/dialog";
import { Outcome } from "../outcome";
import { changeUser } from "./change";

const { users: texts } = operateTexts;

interface Props {
  readonly wallet: string;
  readonly isBanned: boolean;
  readonly changed: () => void;
}

/** Bans a user, or lifts the ban. */
export function BanForm({ wallet, isBanned, changed }: Props): ReactNode {
  const action = useAction();
  const [done, setDone] = useState("");
  const change = (): void => {
    setDone(isBanned ? texts.isLifted : texts.isBanned);
    void action.run(() => changeUser(wallet, { banned: !isBanned })).then((isDone) => isDone && changed());
  };
  const [isAsked, setIsAsked] = useState(false);
  return (
    <>
      <Outcome action={action} done={done} />
      <div className="actions">
        <Button type="button" className="danger" isOff={action.isBusy} onClick={() => setIsAsked(true)}>
          {isBanned ? texts.lift : texts.banNow}
        </Button>
      </div>
      {isAsked && (
        <Confirm
          title={isBanned ? texts.liftQuestion : texts.banQuestion}
          action={isBanned ? texts.lift : texts.banNow}
          word={isBanned ? undefined : wallet}
          close={() => setIsAsked(false)}
          confirmed={change}
        >
          <p>{isBanned ? texts.liftConsequence : texts.banConsequence}</p>
        </Confirm>
      )}
    </>
  );
}
