import type { ContestView } from "@duelcast/client/types";
import { useState, type ReactNode } from "react";
import { texts } from "../../../app/texts";
import { Button } from "../../../parts/button";
import { Confirm } from "../../../parts/dialog";
import { Sentence } from "../../../parts/sentence";
import type { Entry } from "./use-entry";

const words = texts.trade;

interface Props {
  readonly contest: ContestView;
  readonly entry: Entry;
  /** Takes the focus of the button, which is gone. */
  readonly left: () => void;
}

/** Leaves a contest that has not started. */
export function Withdraw({ contest, entry, left }: Props): ReactNode {
  const [isAsking, setIsAsking] = useState(false);
  return (
    <>
      <Button type="button" className="start" isOff={entry.isBusy} onClick={() => setIsAsking(true)}>
        {words.withdraw}
      </Button>
      {isAsking && (
        <Confirm
          title={<Sentence of={words.confirmWithdraw} name={contest.name} />}
          action={words.withdraw}
          close={() => setIsAsking(false)}
          confirmed={() => void entry.withdraw().then((hasLeft) => hasLeft && left())}
        >
          <p>{words.withdrawEffect}</p>
        </Confirm>
      )}
    </>
  );
}
