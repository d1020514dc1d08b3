import { decimal, NONE } from "../../../app/format";

/** A duration in milliseconds. */
export function ms(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : `${decimal(value, value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
}
