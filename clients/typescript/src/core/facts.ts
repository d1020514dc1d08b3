import { ENDPOINTS, RETRIABLE as CODES, type EndpointFacts } from "../generated/contract.js";
import { records, type Frame } from "./frame.js";

export { ENDPOINTS, type EndpointFacts };

/** The codes of errors after which the same command may succeed later, those of the client itself included. */
export const RETRIABLE: ReadonlySet<string> = new Set([
  ...CODES,
  "UNAVAILABLE",
  "OUTCOME_UNKNOWN",
  "TIMEOUT",
  "NETWORK_ERROR",
  "TOO_MANY_REQUESTS",
]);

/** Whether a command may be sent again after a connection was lost that had not answered it. */
export function isRepeatable(facts: EndpointFacts, type: string): boolean {
  return facts.keys?.[type] !== undefined || !facts.once?.includes(type);
}

/** A command, and each of its `events`, with the field that makes repeating it harmless. */
export function withKey(facts: EndpointFacts, command: Frame, uuid: () => string): Frame {
  const key = facts.keys?.[command.type];
  if (key === undefined) return command;
  if (!Array.isArray(command.events)) return { ...command, [key]: command[key] ?? uuid() };
  return { ...command, events: records(command.events).map((event) => ({ ...event, [key]: event[key] ?? uuid() })) };
}

/**
 * The channels that the templates of a command name: `leaderboard.{contestId}` with its fields filled in, once for each
 * value of a list. A channel with a field that the command does not have is left out; `wallet` is by default `own`.
 */
export function channelsOf(templates: readonly string[], command: Frame, own: string | undefined): string[] {
  return templates.flatMap((template) => expand(template, { wallet: own, ...command }));
}

function expand(template: string, fields: Readonly<Record<string, unknown>>): string[] {
  const [whole, name] = /\{(\w+)\}/.exec(template) ?? [];
  if (whole === undefined || name === undefined) return [template];
  const value = fields[name] ?? [];
  return (Array.isArray(value) ? value : [value]).flatMap((one) => {
    const spelled = name === "symbols" ? String(one).toUpperCase() : String(one);
    return expand(
      template.replace(whole, () => spelled),
      fields,
    );
  });
}
