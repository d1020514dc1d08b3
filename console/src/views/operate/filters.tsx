import type { ReactNode } from "react";
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

export function TextFilter({ query, name, label, type = "text" }: TextProps): ReactNode {
  return (
    <input
      type={type}
      aria-label={label}
      placeholder={label}
      autoComplete="off"
      value={query.get(name)}
      onChange={(event) => query.set(name, event.target.value)}
    />
  );
}
