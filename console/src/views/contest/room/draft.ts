import { drafts } from "../../../data/drafts";

/** What the user writes, by contest. */
export const typed = drafts("duelcast.chat");

/** What the server refuses in a text, whenever it is sent. */
const FAULTS: readonly (string | undefined)[] = [
  "MESSAGE_TOO_LONG",
  "MESSAGE_TOO_BIG",
  "EMPTY_MESSAGE",
  "INVALID_REQUEST",
];

/** Whether only another text can pass. */
export function mustChange(code: string | undefined): boolean {
  return FAULTS.includes(code);
}

/** Puts a text before what the user writes. */
export function putBack(contestId: number, text: string): void {
  const key = String(contestId);
  typed.keep(key, [text, typed.get(key)].filter(Boolean).join(" "));
}
