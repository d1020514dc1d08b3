import type { ContestView } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { amount, count, money, moment, share } from "../../app/format";
import { texts } from "../../app/texts";
import { Fact } from "../../parts/fact";

const { terms: words } = texts.contest;

/** What an organiser has decided about a contest. */
export function RulesPart({ contest }: { contest: ContestView }): ReactNode {
  return (
    <section className="rules" aria-label={texts.contest.rules}>
      <div className="stack">
        {contest.description !== null && (
          <>
            <h2>{words.about}</h2>
            <p className="plain">{contest.description}</p>
          </>
        )}
        <h2>{words.rules}</h2>
        {contest.rules === null ? <p className="dim">{words.noRules}</p> : <p className="plain">{contest.rules}</p>}
        <p className="dim">{words.scoring}</p>
      </div>
      <div className="stack">
        <h2>{words.title}</h2>
        <Terms contest={contest} />
        {Number(contest.prize_pool) > 0 && <Payout contest={contest} />}
      </div>
    </section>
  );
}

function Terms({ contest }: { contest: ContestView }): ReactNode {
  const { min_participants: least, max_participants: most, allowed_symbols: symbols } = contest;
  const isFree = Number(contest.entry_fee) === 0;
  const terms: readonly (readonly [name: string, value: ReactNode])[] = [
    [words.starts, <Time key="start" at={contest.start_time} />],
    [words.ends, <Time key="end" at={contest.end_time} />],
    [words.fee, isFree ? words.free : amount(contest.entry_fee, contest.currency)],
    [words.balance, money(contest.starting_balance)],
    [words.participants, most === null ? words.atLeast(count(least)) : words.range(count(least), count(most))],
    [words.symbols, symbols.length === 0 ? words.allSymbols : symbols.join(", ")],
    [words.code, contest.contest_code],
  ];
  return (
    <dl className="terms">
      {terms.map(([name, value]) => (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ))}
    </dl>
  );
}

function Payout({ contest }: { contest: ContestView }): ReactNode {
  return (
    <table className="rows">
      <caption>{words.payout}</caption>
      <thead>
        <tr>
          <th scope="col">{words.place}</th>
          <th scope="col" className="number">
            {words.share}
          </th>
          <th scope="col" className="number">
            {words.amount}
          </th>
        </tr>
      </thead>
      <tbody>
        {contest.payout.map(({ place, percent }) => (
          <tr key={place}>
            <th scope="row">{count(place)}</th>
            <td className="number">{share(percent)}</td>
            <td className="number">{amount((Number(contest.prize_pool) * percent) / 100, contest.currency)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Time({ at }: { at: string }): ReactNode {
  return <time dateTime={at}>{moment(Date.parse(at))}</time>;
}
