import type { SettingInForce } from "@duelcast/client/types";
import { count, decimal } from "../../../app/format";
import { operateTexts } from "../../../app/texts/operate";

const { bounds: texts } = operateTexts.settings;

export type Bounds = Pick<SettingInForce, "integer" | "minimum" | "exclusiveMinimum" | "maximum">;

/** Whether a number is valid. */
export function fits(value: number, { integer, minimum, exclusiveMinimum, maximum }: Bounds): boolean {
  return (
    (!integer || Number.isInteger(value)) &&
    (minimum === undefined || value >= minimum) &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum) &&
    (maximum === undefined || value <= maximum)
  );
}

/** Which numbers are valid, in words; undefined if the server does not say. */
export function boundsOf({ integer, minimum, exclusiveMinimum, maximum }: Bounds): string | undefined {
  if (integer === undefined) return undefined;
  const parts = [
    minimum !== undefined && texts.from(shown(minimum)),
    exclusiveMinimum !== undefined && texts.above(shown(exclusiveMinimum)),
    maximum !== undefined && texts.to(shown(maximum)),
  ];
  return [integer ? texts.whole : texts.any, ...parts.filter(Boolean)].join(" ");
}

function shown(value: number): string {
  return Number.isInteger(value) ? count(value) : decimal(value, 2);
}
