import { useRef, type ReactNode } from "react";
import { operateTexts } from "../../app/texts/operate";
import type { Pages } from "../../data/pages";
import { LiveState } from "../../parts/live-state";
import { More } from "../../parts/more";
import { Gap, useWindow } from "../../parts/windowed";

interface TableProps<T> {
  readonly className: string;
  /** The cells of the head. */
  readonly head: ReactNode;
  /** Said if there are no rows. */
  readonly none: string;
  /** A row; all are equally high. */
  readonly renderRow: (one: T) => ReactNode;
}

const ROW_HEIGHT = 44;

interface Props<T> extends TableProps<T> {
  readonly pages: Omit<Pages<T>, "edit">;
}

/** The rows of pages, their age if they are out of date, and the way to the next page. */
export function PagedTable<T>({ pages, ...table }: Props<T>): ReactNode {
  return (
    <>
      {pages.rows && !pages.error && <LiveState status={pages.status} at={pages.at} />}
      {pages.rows && <RowTable rows={pages.rows} {...table} />}
      <More pages={pages} label={operateTexts.more} />
    </>
  );
}

interface RowProps<T> extends TableProps<T> {
  readonly rows: readonly T[];
}

/** Rows, of which only the visible ones are mounted. */
export function RowTable<T>({ className, head, rows, none, renderRow }: RowProps<T>): ReactNode {
  const body = useRef<HTMLTableSectionElement>(null);
  const { first, end } = useWindow(body, rows.length, ROW_HEIGHT);
  if (rows.length === 0) return <p className="empty">{none}</p>;
  return (
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
  );
}
