import { useRef, type ReactNode } from "react";
import { Gap, useWindow } from "../../parts/windowed";
import { More, type Growing } from "./more";

interface Props<T> {
  readonly className: string;
  /** The cells of the head. */
  readonly head: ReactNode;
  readonly pages: Growing<T>;
  /** Said if there are no rows. */
  readonly none: string;
  /** A row; all are equally high. */
  readonly renderRow: (one: T) => ReactNode;
}

const ROW_HEIGHT = 44;

/** The rows of pages, of which only the visible ones are mounted, and the way to the next page. */
export function PagedTable<T>({ className, head, pages, none, renderRow }: Props<T>): ReactNode {
  const body = useRef<HTMLTableSectionElement>(null);
  const rows = pages.rows ?? [];
  const { first, end } = useWindow(body, rows.length, ROW_HEIGHT);
  return (
    <>
      {rows.length > 0 && (
        <table className={`rows paged ${className}`}>
          <thead>
            <tr>{head}</tr>
          </thead>
          <tbody ref={body}>
            <Gap rows={first} rowHeight={ROW_HEIGHT} />
            {rows.slice(first, end).map(renderRow)}
            <Gap rows={rows.length - end} rowHeight={ROW_HEIGHT} />
          </tbody>
        </table>
      )}
      {pages.rows?.length === 0 && <p className="empty">{none}</p>}
      <More pages={pages} />
    </>
  );
}
