import { counted } from "../format";

const SUFFIXES: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };
const ordinals = new Intl.PluralRules("en", { type: "ordinal" });

export const contests = {
  title: "Contests",
  live: "Live",
  upcoming: "Upcoming",
  finished: "Finished",
  noneLive: "No contest is live at the moment.",
  noneUpcoming: "No contest is about to start.",
  none: {
    completed: "No contest has been completed yet.",
    cancelled: "No contest has been cancelled.",
    mine: "None of the contests that you entered is over.",
  },
  filter: "Which finished contests",
  filters: { completed: "Completed", cancelled: "Cancelled", mine: "Mine" },
  endsIn: "Ends in",
  startsIn: "Starts in",
  starting: "Starting",
  ending: "Ending",
  contest: "Contest",
  prizePool: "Prize pool",
  places: (more: number) => `and ${counted(more, "more place")}`,
  place: (place: number, prize: string) => `${ordinal(place)}\u00a0${prize}`,
  fee: "Entry fee",
  free: "Free",
  entries: "Entries",
  of: (some: string, all: string) => `${some} of ${all}`,
  needs: (min: string) => `needs ${min}`,
  full: "Full",
  entered: "Entered",
  disqualified: "Disqualified",
  spectators: "Spectators",
  rank: "Your rank",
  won: (prize: string) => `won ${prize}`,
  more: "Show more",
} as const;

/** A place, such as 1st. */
function ordinal(place: number): string {
  return `${place}${SUFFIXES[ordinals.select(place)] ?? "th"}`;
}
