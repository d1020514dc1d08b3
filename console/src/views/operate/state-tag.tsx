import type { ReactNode } from "react";
import { operateTexts } from "../../app/texts/operate";

const TONES: Readonly<Record<string, string>> = {
  healthy: "good",
  online: "good",
  active: "good",
  operational: "good",
  degraded: "warn",
  stopped: "warn",
  maintenance: "warn",
  warning: "warn",
  critical: "bad",
  cancelled: "bad",
  unhealthy: "bad",
  circuit_open: "bad",
};

interface Props {
  readonly status: string;
  readonly names?: Readonly<Record<string, string>>;
}

/** The state of a service, of a layer, of the server or of a contest, as a word and a colour. */
export function StateTag({ status, names = operateTexts.states }: Props): ReactNode {
  return (
    <span className="tag" data-tone={TONES[status]}>
      {names[status] ?? status}
    </span>
  );
}
