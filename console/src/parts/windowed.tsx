import { useLayoutEffect, useState, type ReactNode, type RefObject } from "react";

/** Rows above and below the visible ones, so that quick scrolling shows no gaps. */
const OVERSCAN = 6;

/** The rows of a list that are to be mounted: those from `first` up to, and without, `end`. */
export interface Window {
  readonly first: number;
  readonly end: number;
}

/**
 * The rows that are visible as the page scrolls. All rows are `rowHeight` pixels high; `body` is the element that contains
 * them.
 */
export function useWindow(body: RefObject<HTMLElement | null>, count: number, rowHeight: number): Window {
  const [range, setRange] = useState<Window>({ first: 0, end: Math.min(count, 20) });

  useLayoutEffect(() => {
    function look(): void {
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.min(count, Math.floor(-top / rowHeight)) - OVERSCAN);
      const end = Math.min(count, Math.ceil((window.innerHeight - top) / rowHeight) + OVERSCAN);
      setRange((before) => (before.first === first && before.end === end ? before : { first, end }));
    }

    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [body, count, rowHeight]);

  return range;
}

/** Takes the place of rows that are not mounted. */
export function Gap({ rows, rowHeight }: { rows: number; rowHeight: number }): ReactNode {
  return rows > 0 && <tr aria-hidden="true" className="gap" style={{ height: rows * rowHeight }} />;
}
