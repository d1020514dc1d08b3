import { useState } from "react";

/** A text that the user has not sent yet. This tab keeps it, also while another page is shown or is loaded anew. */
export function useDraft(key: string): readonly [text: string, set: (text: string) => void] {
  const [text, setText] = useState(() => sessionStorage.getItem(key) ?? "");

  function set(next: string): void {
    setText(next);
    if (next === "") sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, next);
  }

  return [text, set];
}
