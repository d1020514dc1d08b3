import type { Price } from "@duelcast/client/types";
import { useId, useState, type KeyboardEvent, type ReactNode, type RefObject } from "react";
import { price } from "../../../app/format";
import { texts } from "../../../app/texts";
import { Change } from "../../../parts/quote";
import type { Choice } from "./portfolio";

const words = texts.trade;
/** At most this many symbols are offered; more letters lead to the others. */
const OFFERED = 8;

interface Props {
  readonly input: RefObject<HTMLInputElement | null>;
  readonly prices: ReadonlyMap<string, Price>;
  /** Empty if all symbols are allowed. */
  readonly allowed: readonly string[];
  readonly chosen: readonly Choice[];
  readonly add: (symbol: string) => void;
}

/** Finds symbols that are allowed and have a price, and adds them: a combobox with a list of suggestions. */
export function SymbolSearch({ input, prices, allowed, chosen, add }: Props): ReactNode {
  const [text, setText] = useState("");
  const [isOpen, setIsOpen] = useState(false);
  const [index, setIndex] = useState(0);
  const list = useId();
  const found = matches(text, prices, allowed, chosen);
  const active = Math.min(index, found.length - 1);
  const isListed = isOpen && found.length > 0;

  function choose(symbol: string): void {
    add(symbol);
    setText("");
    setIndex(0);
    setIsOpen(false);
  }

  function press(event: KeyboardEvent): void {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      setIndex(isListed ? (active + step + found.length) % found.length : 0);
      setIsOpen(true);
    } else if (event.key === "Enter" && isListed) {
      choose(found[active]!);
    } else if (event.key === "Enter" && text !== "") {
      // The letters match nothing, and are no portfolio to be sent.
    } else if (event.key === "Escape" && isListed) {
      setIsOpen(false);
    } else {
      return;
    }
    event.preventDefault();
  }

  return (
    <div className="combobox" onBlur={() => setIsOpen(false)}>
      <input
        ref={input}
        type="search"
        role="combobox"
        aria-label={words.add}
        aria-expanded={isListed}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={isListed ? `${list}-${active}` : undefined}
        autoComplete="off"
        placeholder={words.add}
        value={text}
        onClick={() => setIsOpen(true)}
        onKeyDown={press}
        onChange={(event) => {
          setText(event.target.value);
          setIndex(0);
          setIsOpen(true);
        }}
      />
      <div id={list} role="listbox" aria-label={words.add} hidden={!isListed}>
        {found.map((symbol, each) => (
          // The keyboard chooses in the field, whose focus a click must not take.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={symbol}
            id={`${list}-${each}`}
            role="option"
            aria-selected={each === active}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(symbol)}
          >
            <b>{symbol}</b>
            <span>{price(prices.get(symbol)?.price)}</span>
            <Change value={prices.get(symbol)?.change_24h} />
          </div>
        ))}
      </div>
      {isOpen && found.length === 0 && text !== "" && <p className="dim">{words.noMatch(text)}</p>}
    </div>
  );
}

/** The symbols that contain a text, those that begin with it first. */
function matches(
  text: string,
  prices: ReadonlyMap<string, Price>,
  allowed: readonly string[],
  chosen: readonly Choice[],
): string[] {
  const wanted = text.trim().toUpperCase();
  const taken = new Set(chosen.map(({ symbol }) => symbol));
  const offered = (allowed.length > 0 ? allowed : [...prices.keys()]).filter((symbol) => {
    return prices.has(symbol) && !taken.has(symbol) && symbol.includes(wanted);
  });
  const byBeginning = (symbol: string): number => (symbol.startsWith(wanted) ? 0 : 1);
  return offered.sort((a, b) => byBeginning(a) - byBeginning(b) || (a < b ? -1 : 1)).slice(0, OFFERED);
}
