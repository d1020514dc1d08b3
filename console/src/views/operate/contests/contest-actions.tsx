import { http } from "@duelcast/client/http";
import type { ContestView } from "@duelcast/client/types";
import { useState, type ReactNode } from "react";
import { client } from "../../../app/session";
import { operateTexts } from "../../../app/texts/operate";
import { useAction } from "../../../data/action";
import { Button } from "../../../parts/button";
import { Confirm } from "../../../parts/dialog";
import { Outcome } from "../outcome";

const { contests: texts } = operateTexts;
type Step = "start" | "end" | "cancel";

const STEPS: Readonly<Record<string, readonly Step[]>> = { pending: ["start", "cancel"], active: ["end", "cancel"] };
const MAX_REASON_CHARACTERS = 500;

interface Props {
  readonly contest: ContestView;
  readonly changed: () => void;
}

/** Starts, ends or cancels a contest. */
export function ContestActions({ contest, changed }: Props): ReactNode {
  const action = useAction();
  const [asked, setAsked] = useState<Step>();
  const [done, setDone] = useState("");

  function take(step: Step, reason: string): void {
    const input = { parameters: { contest_id: contest.id }, body: reason === "" ? {} : { reason } };
    setDone(texts.done[step]);
    void action
      .run(() => http(client, `POST /api/v69/contests/{contest_id}/${step}`, input))
      .then((isDone) => isDone && changed());
  }

  return (
    <section aria-label={texts.actions}>
      <div className="actions">
        {STEPS[contest.status]?.map((step) => (
          <Button
            key={step}
            type="button"
            className={step === "cancel" ? "danger" : undefined}
            isOff={action.isBusy}
            onClick={() => setAsked(step)}
          >
            {texts.steps[step]}
          </Button>
        ))}
      </div>
      <Outcome action={action} done={done} />
      {asked && <Question contest={contest} step={asked} close={() => setAsked(undefined)} take={take} />}
    </section>
  );
}

interface QuestionProps {
  readonly contest: ContestView;
  readonly step: Step;
  readonly close: () => void;
  readonly take: (step: Step, reason: string) => void;
}

/** Says what a step does, and asks for its reason and a typed confirmation. */
function Question({ contest, step, close, take }: QuestionProps): ReactNode {
  const [reason, setReason] = useState("");
  return (
    <Confirm
      title={texts.questions[step](contest.name)}
      action={texts.steps[step]}
      word={step === "start" ? undefined : contest.contest_code}
      close={close}
      confirmed={() => take(step, reason.trim())}
    >
      <p>{texts.consequences[step](contest.participantCount)}</p>
      <label>
        {step === "cancel" ? texts.reasonShown : texts.reasonKept}
        <input
          value={reason}
          maxLength={MAX_REASON_CHARACTERS}
          required={step === "cancel"}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
    </Confirm>
  );
}
