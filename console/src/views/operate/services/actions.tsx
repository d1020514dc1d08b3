import { useStore } from "@duelcast/client/react";
import type { SkyDuelService } from "@duelcast/client/types";
import { useState, type ReactNode } from "react";
import { useSignal } from "../../../app/signal";
import { operateTexts } from "../../../app/texts/operate";
import { Button } from "../../../parts/button";
import { Confirm } from "../../../parts/dialog";
import { managed, states } from "../stores";
import { attempts, commandName, interrupts, isHarmless, send } from "./commands";
import { isSameList } from "../same-list";

const { services: texts } = operateTexts;

/** What an operator can do with a service. */
export function Actions({ service }: { service: SkyDuelService }): ReactNode {
  const [asked, setAsked] = useState<string>();
  const attempt = useSignal(attempts).get(service.name);
  const isPending = attempt?.is === "pending";
  const offered = service.commands.filter((one) => isOffered(one, service));

  function press(command: string): void {
    if (isHarmless(command)) void send(service.name, command, false);
    else setAsked(command);
  }

  return (
    <section aria-label={texts.actions}>
      <div className="actions">
        {offered.map((command) => (
          <Button key={command} type="button" isOff={isPending} onClick={() => press(command)}>
            {commandName(command)}
          </Button>
        ))}
      </div>
      <p role="status" className="outcome" data-tone={attempt && TONES[attempt.is]}>
        {attempt?.text}
      </p>
      {asked !== undefined && <Question service={service} command={asked} close={() => setAsked(undefined)} />}
    </section>
  );
}

const TONES = { pending: "busy", done: "good", failed: "bad" } as const;

/** A breaker in these states lets every call through. */
const CLOSED = ["closed", "degraded", "initializing"];

interface QuestionProps {
  readonly service: SkyDuelService;
  readonly command: string;
  readonly close: () => void;
}

/** Says what a command does, and asks for a typed confirmation if it matters. */
function Question({ service: { name, displayName, dependents }, command, close }: QuestionProps): ReactNode {
  const { value: running } = useStore(
    managed,
    (all) => dependents.filter((one) => all.get(one)?.isRunning),
    isSameList,
  );
  const breaker = useStore(states.at(name)).value?.circuit_breaker.status;
  const hasNoEffect = command === "reset_circuit_breaker" && breaker !== undefined && CLOSED.includes(breaker);
  return (
    <Confirm
      title={texts.questions[command]?.(displayName) ?? texts.question(command, displayName)}
      action={commandName(command)}
      word={hasNoEffect ? undefined : displayName}
      close={close}
      confirmed={() => void send(name, command, running.length > 0)}
    >
      <p>{hasNoEffect ? texts.isClosed : (texts.consequences[command] ?? texts.otherConsequence)}</p>
      {interrupts(command) && <p>{running.length > 0 ? texts.interrupts : texts.interruptsNobody}</p>}
      {interrupts(command) && running.length > 0 && <p className="names">{running.join(", ")}</p>}
    </Confirm>
  );
}

/** Whether a command would change anything at present. */
function isOffered(command: string, { isRunning }: SkyDuelService): boolean {
  if (command === "start") return !isRunning;
  return isRunning || command !== "stop";
}
