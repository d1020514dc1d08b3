import { useEffect } from "react";
import { texts } from "./texts";

/** Names the page in the tab and in the history of the browser. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${texts.product}`;
  }, [title]);
}
