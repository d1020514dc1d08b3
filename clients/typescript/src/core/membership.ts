import type { Frame } from "./frame.js";
import type { Position } from "./position.js";

/** Something that a connection can follow: a channel, a group, a room, or all that the endpoint joins by itself. */
export interface Membership {
  /** The channel or group; of a room, a name that no channel has. */
  readonly key: string;
  /** Whether messages of a channel belong to it, besides those of the channel `key`. */
  readonly covers?: (channel: string) => boolean;
  /** `subscribe` joins it with others; a function gives a command of its own; `connecting` is enough for the rest. */
  readonly join: "subscribe" | "connecting" | ((since: Position | undefined) => Frame);
  /** The command that leaves it, if `unsubscribe` does not. */
  readonly leave?: Frame;
  /** The channel from whose position a join with a command of its own resumes. */
  readonly resumes?: string;
}

/** A channel or group of an endpoint. */
export function channelMembership(name: string): Membership {
  const prefix = groupPrefix(name);
  return { key: name, join: "subscribe", ...(prefix && { covers: (channel) => channel.startsWith(prefix) }) };
}

/** The beginning of the names of a group's channels; empty for a single channel. */
function groupPrefix(name: string): string {
  if (name.endsWith(".*")) return name.slice(0, -1);
  if (name === "services") return "service.";
  return name.startsWith("category.") ? "setting." : "";
}

/** The room of a contest, with all channels of that contest. */
export function roomMembership(contestId: number): Membership {
  const suffix = `.${contestId}`;
  return {
    key: `room ${contestId}`,
    covers: (channel) => channel.endsWith(suffix),
    join: (since) => ({ type: "join_contest_room", contestId, ...(since && { since }) }),
    leave: { type: "leave_contest_room", contestId },
    resumes: `chat${suffix}`,
  };
}
