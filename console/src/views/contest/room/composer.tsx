import { room } from "@duelcast/client";
import { useStore } from "@duelcast/client/react";
import type { ContestView } from "@duelcast/client/types";
import type { FormEvent, ReactNode } from "react";
import { isSigningIn } from "../../../app/account";
import { client, user } from "../../../app/session";
import { useSignal } from "../../../app/signal";
import { texts } from "../../../app/texts";
import { typed } from "./draft";
import { say } from "./say";

const words = texts.room;

/** Where the user writes, or why they cannot. A draft stays in this tab until it is sent. */
export function Composer({ contest }: { contest: ContestView }): ReactNode {
  const me = useSignal(user);
  const key = String(contest.id);
  const draft = typed.use(key) ?? "";
  const { value: refusal } = useStore(room(client, contest.id), ({ chat }) => {
    const last = chat.findLast((one) => one.status === "failed");
    return last?.status === "failed" && last.error?.code === "MUTED" ? last.error.message : undefined;
  });

  function send(event: FormEvent): void {
    event.preventDefault();
    const text = draft.trim();
    if (text === "") return;
    typed.drop(key);
    say(contest.id, text);
  }

  if (contest.status === "cancelled") return <p className="dim">{words.closed}</p>;
  if (me === null) {
    return (
      <p className="composer">
        <span className="dim">{words.signIn}</span>
        <button type="button" onClick={() => isSigningIn.set(true)}>
          {texts.account.signIn}
        </button>
      </p>
    );
  }
  return (
    <>
      {refusal !== undefined && (
        <p className="bad" role="status">
          {refusal}
        </p>
      )}
      <form className="composer" onSubmit={send}>
        <input
          aria-label={words.write}
          placeholder={words.placeholder}
          autoComplete="off"
          value={draft}
          onChange={(event) => typed.keep(key, event.target.value)}
        />
        <button className="primary">{words.send}</button>
      </form>
    </>
  );
}
