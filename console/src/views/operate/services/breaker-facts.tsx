import type { BreakerRecord } from "@duelcast/client/types";
import type { ReactNode } from "react";
import { count, share } from "../../../app/format";
import { operateTexts } from "../../../app/texts/operate";
import { Fact } from "../../../parts/fact";
import { Ago } from "../../../parts/ago";
import { Left } from "../../../parts/countdown";
import { Facts } from "../panel";

const { services: texts, never } = operateTexts;

/** The state of a breaker. */
export function BreakerFacts({ breaker }: { breaker: BreakerRecord }): ReactNode {
  return (
    <>
      <h3>{texts.breaker}</h3>
      <p>{breaker.details}</p>
      <Facts>
        <Fact name={texts.state}>{operateTexts.breaker[breaker.status] ?? breaker.status}</Fact>
        <Fact name={texts.failures}>{count(breaker.failures)}</Fact>
        <Fact name={texts.failureRate}>{share(breaker.failure_rate)}</Fact>
        <Fact name={texts.lastFailure}>
          <Ago at={breaker.last_failure} none={never} />
        </Fact>
        <Fact name={texts.lastSuccess}>
          <Ago at={breaker.last_success} none={never} />
        </Fact>
        {breaker.opened_at !== null && (
          <Fact name={texts.opened}>
            <Ago at={breaker.opened_at} />
          </Fact>
        )}
        {breaker.next_attempt_at !== null && (
          <Fact name={texts.nextAttempt}>
            <Left to={breaker.next_attempt_at} />
          </Fact>
        )}
        <Fact name={texts.attempts}>{count(breaker.recovery_attempts)}</Fact>
        <Fact name={texts.lastReset}>
          <Ago at={breaker.last_reset} none={never} />
        </Fact>
      </Facts>
    </>
  );
}
