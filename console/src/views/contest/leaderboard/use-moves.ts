import { useLayoutEffect, useRef, type RefObject } from "react";
import { moves } from "./moves";

const MOVE_MS = 350;
const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Lets rows glide to their new places. The browser draws the movement, and neither the layout nor the focus changes. Each
 * row has its key as `data-key`, and all are `rowHeight` pixels high, so that nothing has to be measured.
 */
export function useMoves(
  body: RefObject<HTMLTableSectionElement | null>,
  order: readonly string[],
  rowHeight: number,
): void {
  const before = useRef(order);
  useLayoutEffect(() => {
    const moved = moves(before.current, order);
    before.current = order;
    const section = body.current;
    if (!section || moved.size === 0 || REDUCED.matches) return;
    for (const row of section.rows) {
      const rows = moved.get(row.dataset.key ?? "");
      if (rows === undefined || isStuck(row, section, rowHeight)) continue;
      // A movement that is added to another under way continues from where the row is.
      row.animate([{ transform: `translateY(${rows * rowHeight}px)` }, { transform: "none" }], {
        duration: MOVE_MS,
        easing: "ease-out",
        composite: "add",
      });
    }
  }, [body, order, rowHeight]);
}

/** Whether a row is held at the edge of the window, instead of in its place. */
function isStuck(row: HTMLTableRowElement, body: HTMLTableSectionElement, rowHeight: number): boolean {
  if (row.dataset.own === undefined) return false;
  const place = body.getBoundingClientRect().top + row.sectionRowIndex * rowHeight;
  return Math.abs(row.getBoundingClientRect().top - place) > 1;
}
