import { useEffect, useId, useRef, type ReactNode } from "react";
import { Link } from "wouter";
import { operateTexts } from "../../app/texts/operate";

interface SplitProps {
  readonly children: ReactNode;
  /** The details, if a row is chosen. */
  readonly panel: ReactNode;
}

/** A list, and the details of one of its rows beside it; on a narrow screen they take the place of the list. */
export function Split({ children, panel }: SplitProps): ReactNode {
  const isOpen = panel !== undefined && panel !== null && panel !== false;
  return (
    <div className="split" data-open={isOpen}>
      <div>{children}</div>
      {panel}
    </div>
  );
}

interface PanelProps {
  /** The name of the row, as given to `openerOf`. */
  readonly name: string;
  readonly title: ReactNode;
  /** The address without the details. */
  readonly closed: string;
  readonly children: ReactNode;
}

/** The id of the link that opens the details of a row. */
export function openerOf(name: string): string {
  return `details-${name}`;
}

/** The details of a row. They take the focus when they open, and give it back to the row. Give each row's panel a key. */
export function Panel({ name, title, closed, children }: PanelProps): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useEffect(() => {
    heading.current?.focus();
    return () => document.getElementById(openerOf(name))?.focus();
  }, [name]);
  return (
    <aside className="side-panel" aria-labelledby={id}>
      <header>
        <h2 id={id} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <Link href={closed} className="icon" aria-label={operateTexts.close}>
          ✕
        </Link>
      </header>
      {children}
    </aside>
  );
}

/** Names and values, one below the other. */
export function Facts({ children }: { children: ReactNode }): ReactNode {
  return <dl className="fact-list">{children}</dl>;
}
