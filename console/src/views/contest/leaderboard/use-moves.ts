import { useLayoutEffect, useRef, type RefObject } from "react";
import { moves } from "./moves";

const MOVE_MS = 300;
/** So far rows move, in pixels: less than the space around their text, so that none covers that of another. */
const WAY = 12;
const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Lets rows that have new places come into them from the side of their old ones. The browser draws the movement, and
 * neither the layout nor the focus changes. Each row has its key as `data-key`, and all are `rowHeight` pixels high.
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
      const from = { transform: `translateY(${Math.sign(rows) * WAY}px)` };
      row.animate([from, { transform: "none" }], { duration: MOVE_MS, easing: "ease-out" });
    }
  }, [body, order, rowHeight]);
}

/** Whether a row is held at the edge of the window, instead of in its place. */
function isStuck(row: HTMLTableRowElement, body: HTMLTableSectionElement, rowHeight: number): boolean {
  if (row.dataset.own === undefined) return false;
  const place = body.getBoundingClientRect().top + row.sectionRowIndex * rowHeight;
  return Math.abs(row.getBoundingClientRect().top - place) > 1;
}
