import { market } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import type { ContestView, Participant } from "@duelcast/client/types";
import { useRef, useState, type FormEvent, type ReactNode } from "react";
import { flushSync } from "react-dom";
import { count, money } from "../../../app/format";
import { useNow } from "../../../app/now";
import { client } from "../../../app/session";
import { texts } from "../../../app/texts";
import { Button } from "../../../parts/button";
import { Confirm } from "../../../parts/dialog";
import { LiveState } from "../../../parts/live-state";
import { Sentence } from "../../../parts/sentence";
import { Trades } from "../participants/trades";
import { ChoiceRow } from "./choice-row";
import { Effect } from "./effect";
import { effect, faults, fillUp, sum, valueOf, type Choice, type Fault, type Position, type Quoted } from "./portfolio";
import { SymbolSearch } from "./symbol-search";
import { useChoices } from "./use-choices";
import { useEntry } from "./use-entry";
import { Withdraw } from "./withdraw";

const words = texts.trade;

interface Props {
  readonly contest: ContestView;
  readonly own: Participant;
}

/** Chooses tokens and weights, shows what that does, and sends it once it is confirmed. */
export function Builder({ contest, own }: Props): ReactNode {
  const prices = market(client, "*");
  const { status } = useStore(prices, (all) => all.size);
  // All figures follow the prices together, once a second, so that they agree and can be read.
  useNow();
  const all = prices.get();
  const quote = (symbol: string): Quoted | undefined => all.get(symbol);
  const { choices, isChanged, change, reset, keyOf } = useChoices(contest.id, own);
  const entry = useEntry(contest, own, keyOf);
  const [isTried, setIsTried] = useState(false);
  const [isConfirming, setIsConfirming] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const isActive = contest.status === "active";
  const found =
    status === "loading" ? [] : faults(choices, { allowed: contest.allowed_symbols, quote, isTrade: isActive });
  const shown =
    entry.fault && !entry.isOutdated(choices)
      ? [...visible(found, choices, isTried), entry.fault]
      : visible(found, choices, isTried);
  const held: Position[] = (own.portfolio ?? []).flatMap(({ symbol, quantity }) =>
    quantity === null ? [] : { symbol, quantity },
  );
  const total = isActive ? valueOf(held, quote) : contest.starting_balance;
  const lines = total === undefined ? [] : effect(held, choices, quote, total);
  const kind = isActive ? "traded" : "bought";
  // A portfolio drifts from its weights with the prices, which is no trade.
  const isHeld = isActive && !isChanged;
  const action = own.isParticipant ? words.change : words.enter;

  function set(next: readonly Choice[]): void {
    change(next);
    entry.forget();
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    // The render marks the fields that are invalid.
    flushSync(() => setIsTried(true));
    if (found.length === 0) setIsConfirming(true);
    else search.current?.form?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }

  async function confirmed(): Promise<void> {
    if (!(await entry.send(choices))) return;
    reset();
    setIsTried(false);
  }

  return (
    <section className="trade" aria-label={texts.contest.trade}>
      <div className="stack">
        <form className="stack" onSubmit={submit} noValidate>
          <h2>{own.isParticipant ? words.changeTitle : words.enterTitle}</h2>
          <p className="dim">{hint(contest, own)}</p>
          <SymbolSearch
            input={search}
            prices={all}
            allowed={contest.allowed_symbols}
            chosen={choices}
            add={(symbol) => set([...choices, { symbol, weight: undefined }])}
          />
          {choices.length === 0 ? (
            !isTried && <p className="dim">{words.faults.none}</p>
          ) : (
            <ul className="portfolio">
              {choices.map((choice, index) => (
                <ChoiceRow
                  key={choice.symbol}
                  choice={choice}
                  quoted={all.get(choice.symbol)}
                  faults={shown.filter(({ field }) => field.startsWith(`portfolio[${index}].`))}
                  setWeight={(weight) => set(choices.map((one) => (one === choice ? { ...one, weight } : one)))}
                  remove={() => {
                    set(choices.filter((one) => one !== choice));
                    search.current?.focus();
                  }}
                />
              ))}
            </ul>
          )}
          <div className="sum">
            <output data-tone={sum(choices) === 100 ? "good" : "warn"}>{words.sum(count(sum(choices)))}</output>
            <Button
              type="button"
              title={words.fillUpHint}
              isOff={choices.length === 0}
              onClick={() => set(fillUp(choices))}
            >
              {words.fillUp}
            </Button>
            {isChanged && (
              <button
                type="button"
                onClick={() => {
                  reset();
                  search.current?.focus();
                }}
              >
                {words.reset}
              </button>
            )}
          </div>
          {shown
            .filter(({ field }) => !field.startsWith("portfolio["))
            .map(({ text }) => (
              <p key={text} role="alert" className="bad">
                {text}
              </p>
            ))}
          <LiveState status="live" error={entry.isOutdated(choices) ? undefined : entry.error} />
          {entry.done !== undefined && (
            <p role="status" className="good">
              {entry.done}
            </p>
          )}
          <Button className="primary start" isOff={entry.isBusy || (own.isParticipant && !isChanged)}>
            {action}
          </Button>
        </form>
        {own.isParticipant && !isActive && (
          <Withdraw contest={contest} entry={entry} left={() => search.current?.focus()} />
        )}
      </div>
      <div className="stack">
        <h2>{isHeld ? words.present : words.effect}</h2>
        {lines.length > 0 ? (
          <Effect lines={lines} kind={isHeld ? "held" : kind} total={total} />
        ) : (
          <p className="dim">{words.effectHint}</p>
        )}
        {isHeld && <p className="dim">{words.unchanged}</p>}
        {isActive && (
          <>
            <h2>{texts.contest.settled.myTrades}</h2>
            <Trades key={entry.count} contestId={contest.id} wallet={own.walletAddress} />
          </>
        )}
      </div>
      {isConfirming && (
        <Confirm
          title={own.isParticipant ? words.confirmChange : <Sentence of={words.confirmEnter} name={contest.name} />}
          action={action}
          close={() => setIsConfirming(false)}
          confirmed={() => void confirmed()}
        >
          <p>{hint(contest, own)}</p>
          <Effect lines={lines} kind={kind} total={total} />
        </Confirm>
      )}
    </section>
  );
}

function hint(contest: ContestView, own: Participant): string {
  if (contest.status === "active") return words.tradeHint;
  const bought = words.enterHint(money(contest.starting_balance));
  return own.isParticipant ? `${bought} ${words.changeHint}` : bought;
}

/** Before the user has tried to send it, a portfolio that is not complete is no mistake. */
function visible(found: readonly Fault[], choices: readonly Choice[], isTried: boolean): readonly Fault[] {
  if (isTried) return found;
  return found.filter(({ field }) => {
    const weight = /^portfolio\[(\d+)\]\.weight$/.exec(field);
    return weight ? choices[Number(weight[1])]?.weight !== undefined : field !== "portfolio";
  });
}
