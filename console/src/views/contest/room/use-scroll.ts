import { useLayoutEffect, useRef, type RefObject } from "react";

/** A message that was visible, and where its top was, in pixels below the top of the list. */
type Place = readonly [message: Element, top: number];

/**
 * Keeps a list at its end, or else the messages in their places that the reader sees, whatever comes or goes above them.
 * Returns what to call when the reader has scrolled.
 */
export function useScroll(list: RefObject<HTMLElement | null>, isAtEnd: boolean): () => void {
  const places = useRef<readonly Place[]>([]);
  useLayoutEffect(() => {
    const element = list.current!;
    if (isAtEnd) element.scrollTo(0, element.scrollHeight);
    else {
      // The first of them may have been deleted.
      const kept = places.current.find(([message]) => message.isConnected);
      if (kept) element.scrollBy(0, topOf(kept[0], element) - kept[1]);
    }
    places.current = placesIn(element);
  });
  useLayoutEffect(() => {
    if (!isAtEnd) return;
    const element = list.current!;
    // What opens above the list makes it lower, without a render.
    const sizes = new ResizeObserver(() => element.scrollTo(0, element.scrollHeight));
    sizes.observe(element);
    return () => sizes.disconnect();
  }, [list, isAtEnd]);
  return () => {
    places.current = placesIn(list.current!);
  };
}

function placesIn(list: Element): readonly Place[] {
  const messages = [...list.querySelectorAll(".message")];
  const places = messages.map((one): Place => [one, topOf(one, list)]);
  const first = places.findIndex(([message, top]) => top + message.clientHeight > 0);
  const end = places.findLastIndex(([, top]) => top < list.clientHeight) + 1;
  return first === -1 ? [] : places.slice(first, end);
}

function topOf(message: Element, list: Element): number {
  return message.getBoundingClientRect().top - list.getBoundingClientRect().top;
}
