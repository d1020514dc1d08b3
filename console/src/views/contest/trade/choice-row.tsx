import type { Price } from "@duelcast/client/types";
import { useId, type ReactNode } from "react";
import { texts } from "../../../app/texts";
import { Change, Quote } from "../../../parts/quote";
import type { Choice, Fault } from "./portfolio";

const words = texts.trade;

interface Props {
  readonly choice: Choice;
  /** The price that the effect is computed with too; undefined without one. */
  readonly quoted: Price | undefined;
  readonly faults: readonly Fault[];
  readonly setWeight: (weight: number | undefined) => void;
  readonly remove: () => void;
}

/** A chosen token with its weight, and what is wrong with it. */
export function ChoiceRow({ choice: { symbol, weight }, quoted, faults, setWeight, remove }: Props): ReactNode {
  const note = useId();
  const isInvalid = faults.length > 0;
  return (
    <li>
      <b>{symbol}</b>
      <span className="prices">
        <Quote value={quoted?.price} /> <Change value={quoted?.change_24h} />
      </span>
      <input
        type="number"
        inputMode="numeric"
        min={1}
        max={100}
        step={1}
        aria-label={words.weightOf(symbol)}
        aria-invalid={isInvalid}
        aria-describedby={isInvalid ? note : undefined}
        value={weight ?? ""}
        onChange={({ target: { value } }) => setWeight(value === "" ? undefined : Number(value))}
      />
      <span className="dim">%</span>
      <button type="button" className="icon" aria-label={words.remove(symbol)} onClick={remove}>
        ✕
      </button>
      {isInvalid && (
        <p id={note} className="bad">
          {faults.map(({ text }) => text).join(" ")}
        </p>
      )}
    </li>
  );
}
