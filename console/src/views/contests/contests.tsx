import { useStore } from "@duelcast/client/react";
import type { ContestView } from "@duelcast/client/types";
import { useRef, useState, type ReactNode } from "react";
import { count } from "../../app/format";
import { user } from "../../app/session";
import { useSignal } from "../../app/signal";
import { texts } from "../../app/texts";
import { useTitle } from "../../app/title";
import { contests } from "../../data/contests";
import { useWhenBack } from "../../data/when-back";
import { LiveState } from "../../parts/live-state";
import { Card } from "./card";
import { Finished } from "./finished";
import { useOwn, type OwnContests } from "./own";
import { phases } from "./phases";

const CARDS = 24;

/** The contests: those that run, those to come, and those that are over. */
export default function Contests(): ReactNode {
  useTitle(texts.contests.title);
  const { value: all, status, error } = useStore(contests);
  const wallet = useSignal(user)?.wallet_address;
  const own = useOwn(wallet);
  useWhenBack(status, (was) => {
    // The user may have entered a contest elsewhere in the meantime.
    if (was === "stale") own.pages.again();
  });
  const { live, upcoming } = phases(all.values());
  return (
    <>
      <header className="view">
        <h1>{texts.contests.title}</h1>
      </header>
      <LiveState status={status} isKnown={all.size > 0} error={error} />
      {(all.size > 0 || status === "live") && (
        <div className="contests" data-status={status}>
          <Cards title={texts.contests.live} contests={live} none={texts.contests.noneLive} own={own} />
          <Cards title={texts.contests.upcoming} contests={upcoming} none={texts.contests.noneUpcoming} own={own} />
        </div>
      )}
      <Finished live={all} status={status} own={own} />
    </>
  );
}

interface CardsProps {
  readonly title: string;
  readonly contests: readonly ContestView[];
  readonly none: string;
  readonly own: OwnContests;
}

function Cards({ title, contests: some, none, own }: CardsProps): ReactNode {
  const section = useRef<HTMLElement>(null);
  const [shown, setShown] = useState(CARDS);
  return (
    <section ref={section} tabIndex={-1} aria-label={title}>
      <h2>
        {title} <span className="dim">{count(some.length)}</span>
      </h2>
      {some.length === 0 && <p className="none">{none}</p>}
      <ul className="cards">
        {some.slice(0, shown).map((one) => (
          <Card key={one.id} contest={one} own={own.byContest.get(one.id)} />
        ))}
      </ul>
      {some.length > shown && (
        <button
          type="button"
          className="more"
          onClick={() => {
            // The button goes with the last ones.
            if (some.length <= shown + CARDS) section.current?.focus({ preventScroll: true });
            setShown(shown + CARDS);
          }}
        >
          {texts.contests.more}
        </button>
      )}
    </section>
  );
}
