import { useEffect, useEffectEvent, useState, type ReactNode } from "react";
import type { Query } from "./query";

/** A row of filters. */
export function Filters({ children }: { children: ReactNode }): ReactNode {
  return <div className="filters">{children}</div>;
}

interface ChoiceProps {
  readonly query: Query;
  /** The name of the filter in the address. */
  readonly name: string;
  readonly label: string;
  /** The text of the choice that does not filter. */
  readonly all: string;
  /** Values and their texts. */
  readonly options: readonly (readonly [value: string, text: string])[];
}

export function Choice({ query, name, label, all, options }: ChoiceProps): ReactNode {
  return (
    <select aria-label={label} value={query.get(name)} onChange={(event) => query.set(name, event.target.value)}>
      <option value="">{all}</option>
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}

interface TextProps {
  readonly query: Query;
  readonly name: string;
  readonly label: string;
  readonly type?: "search" | "text";
}

/** How long typing must pause, so that the server is not asked at each key. */
const PAUSE_MS = 300;

/** A filter by a text, which holds once typing pauses, or the input is left. */
export function TextFilter({ query, name, label, type = "text" }: TextProps): ReactNode {
  const [typed, setTyped] = useState<string>();

  function apply(): void {
    if (typed === undefined) return;
    query.set(name, typed);
    setTyped(undefined);
  }

  const onPause = useEffectEvent(apply);
  useEffect(() => {
    if (typed === undefined) return;
    const timer = setTimeout(onPause, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <input
      type={type}
      aria-label={label}
      placeholder={label}
      autoComplete="off"
      value={typed ?? query.get(name)}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={apply}
    />
  );
}
