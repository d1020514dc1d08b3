import { useStore } from "@duelcast/client/react";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { operateTexts } from "../../../app/texts/operate";
import { Ago } from "../../../parts/ago";
import { openerOf } from "../panel";
import { StateTag } from "../state-tag";
import { managed, states } from "../stores";
import { ms } from "./figures";

interface Props {
  readonly name: string;
  readonly isChosen: boolean;
}

/** A service's row, which renders when the service changes, and not when others do. */
export const ServiceRow = memo(function ServiceRow({ name, isChosen }: Props): ReactNode {
  const { value: service } = useStore(managed.at(name));
  const { value: state } = useStore(states.at(name));
  const breaker = state?.circuit_breaker;
  return (
    <tr data-chosen={isChosen}>
      <th scope="row">
        <Link id={openerOf(name)} href={`/operate/services/${name}`} aria-current={isChosen ? "true" : undefined}>
          {service?.displayName ?? name}
        </Link>
      </th>
      <td>{service && <StateTag status={service.status} />}</td>
      <td className="wide-only">{breaker && (operateTexts.breaker[breaker.status] ?? breaker.status)}</td>
      <td className="number">{ms(state?.performance.p95OperationTimeMs)}</td>
      <td className="number wide-only">
        <Ago at={breaker?.last_failure} />
      </td>
      <td className="dim spare">{service?.dependencies.join(", ")}</td>
    </tr>
  );
});
