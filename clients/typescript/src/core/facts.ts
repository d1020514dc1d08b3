import type { CommandFacts } from "../generated/contract.js";
import { records, type Frame } from "./frame.js";

/** Whether a command may be sent again after a connection was lost that had not answered it. */
export function isRepeatable(facts: CommandFacts, type: string): boolean {
  return facts.keys?.[type] !== undefined || !facts.once?.includes(type);
}

/** A command, and each of its `events`, with the field that makes repeating it harmless. */
export function withKey(facts: CommandFacts, command: Frame, uuid: () => string): Frame {
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
  if (!whole || !name) return [template];
  return [fields[name] ?? []].flat().flatMap((value) => {
    const spelled = name === "symbols" ? String(value).toUpperCase() : String(value);
    return expand(
      template.replace(whole, () => spelled),
      fields,
    );
  });
}
