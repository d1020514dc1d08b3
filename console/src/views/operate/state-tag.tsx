import type { ReactNode } from "react";
import { operateTexts } from "../../app/texts/operate";

const TONES: Readonly<Record<string, string>> = {
  healthy: "good",
  online: "good",
  operational: "good",
  degraded: "warn",
  stopped: "warn",
  maintenance: "warn",
  warning: "warn",
  critical: "bad",
  unhealthy: "bad",
  circuit_open: "bad",
};

interface Props {
  readonly status: string;
  readonly names?: Readonly<Record<string, string>>;
}

/** The state of a service, of a layer or of the server, as a word and a colour. */
export function StateTag({ status, names = operateTexts.states }: Props): ReactNode {
  return (
    <span className="tag" data-tone={TONES[status]}>
      {names[status] ?? status}
    </span>
  );
}
