import type { ContestPatch, ContestView, NewContest, Payout } from "@duelcast/client/types";

/** The fields of a contest's form. */
export const FIELDS = [
  "name",
  "start_time",
  "end_time",
  "description",
  "rules",
  "image_url",
  "entry_fee",
  "prize_pool",
  "currency",
  "payout",
  "min_participants",
  "max_participants",
  "starting_balance",
  "allowed_symbols",
] as const;
export type Field = (typeof FIELDS)[number];

/** The texts in a contest's form; times are in the user's time zone. */
export type Draft = Readonly<Record<Field, string>>;

/** The body of a request, or the fields that it cannot be made of and why. */
export type Body<T> = { readonly body: T } | { readonly problems: Partial<Record<Field, Problem>> };
export type Problem = "number" | "time" | "payout" | "missing";

const CLEARABLE: readonly Field[] = ["description", "image_url", "rules", "max_participants"];
const NUMBERS: readonly Field[] = ["min_participants", "max_participants", "starting_balance"];

/** The form of a new contest: it begins in an hour, for a day. Empty fields get the server's defaults. */
export function emptyDraft(nowMs: number): Draft {
  const start = Math.ceil(nowMs / 3_600_000 + 1) * 3_600_000;
  const texts = Object.fromEntries(FIELDS.map((field) => [field, ""])) as Record<Field, string>;
  return { ...texts, start_time: toLocal(start), end_time: toLocal(start + 86_400_000) };
}

/** The form of a contest as it is. */
export function draftOf(contest: ContestView): Draft {
  return {
    name: contest.name,
    start_time: toLocal(Date.parse(contest.start_time)),
    end_time: toLocal(Date.parse(contest.end_time)),
    description: contest.description ?? "",
    rules: contest.rules ?? "",
    image_url: contest.image_url ?? "",
    entry_fee: contest.entry_fee,
    prize_pool: contest.prize_pool,
    currency: contest.currency,
    payout: payoutText(contest.payout),
    min_participants: String(contest.min_participants),
    max_participants: contest.max_participants === null ? "" : String(contest.max_participants),
    starting_balance: String(contest.starting_balance),
    allowed_symbols: contest.allowed_symbols.join(", "),
  };
}

/** The fields that may change: while it is pending all, but two only without entries; while it is active four. */
export function editable(contest: Pick<ContestView, "status" | "participantCount"> | undefined): readonly Field[] {
  if (contest === undefined) return FIELDS;
  if (contest.status === "active") return ["name", "end_time", "description", "image_url"];
  if (contest.status !== "pending") return [];
  if (contest.participantCount === 0) return FIELDS;
  return FIELDS.filter((field) => field !== "starting_balance" && field !== "allowed_symbols");
}

/** What creates the contest of a form. */
export function toNew(draft: Draft): Body<NewContest> {
  return bodyOf(draft, (text) => text !== "", ["name", "start_time", "end_time"]) as Body<NewContest>;
}

/** What changes a contest to its form: the fields that differ from those of `before`. */
export function toPatch(draft: Draft, before: Draft): Body<ContestPatch> {
  const required = FIELDS.filter(
    (field) => before[field] !== "" && !CLEARABLE.includes(field) && field !== "allowed_symbols" && field !== "payout",
  );
  return bodyOf(draft, (text, field) => text !== before[field], required) as Body<ContestPatch>;
}

/** The field of a form to which the path of a refused field belongs, such as `payout[1].percent`. */
export function fieldOf(path: string | undefined): Field | undefined {
  const name = path?.match(/^\w+/)?.[0];
  return FIELDS.find((field) => field === name);
}

/** An amount of time in epoch milliseconds, as an input of the type `datetime-local` wants it. */
export function toLocal(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

function bodyOf(
  draft: Draft,
  isSent: (text: string, field: Field) => boolean,
  required: readonly Field[],
): Body<Record<string, unknown>> {
  const body: Record<string, unknown> = {};
  const problems: Partial<Record<Field, Problem>> = {};
  for (const field of FIELDS) {
    const text = draft[field];
    if (text.trim() === "" && required.includes(field)) problems[field] = "missing";
    else if (isSent(text, field)) {
      const value = valueOf(field, text.trim());
      if (value instanceof Error) problems[field] = value.message as Problem;
      else body[field] = value;
    }
  }
  return Object.keys(problems).length > 0 ? { problems } : { body };
}

/** The value of a field; an error whose message is the problem. */
function valueOf(field: Field, text: string): unknown {
  if (text === "" && CLEARABLE.includes(field)) return null;
  if (field === "allowed_symbols")
    return text
      .split(/[\s,]+/)
      .filter(Boolean)
      .map((one) => one.toUpperCase());
  if (field === "payout") return payoutOf(text) ?? new Error("payout" satisfies Problem);
  if (field === "start_time" || field === "end_time") {
    const ms = new Date(text).getTime();
    return Number.isNaN(ms) ? new Error("time" satisfies Problem) : new Date(ms).toISOString();
  }
  if (!NUMBERS.includes(field)) return text;
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : new Error("number" satisfies Problem);
}

/** Percentages by place, such as “69, 20, 11”; a place that does not follow the one before is named: “5: 11”. */
function payoutText(payout: readonly Payout[]): string {
  return payout
    .map(({ place, percent }, index) => (place === index + 1 ? String(percent) : `${place}: ${percent}`))
    .join(", ");
}

function payoutOf(text: string): { place: number; percent: number }[] | undefined {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
  const found = parts.map((part, index) => {
    const [, place, percent] = part.match(/^(?:(\d+)\s*:\s*)?(\d+(?:\.\d+)?)\s*%?$/) ?? [];
    return percent === undefined
      ? undefined
      : { place: place === undefined ? index + 1 : Number(place), percent: Number(percent) };
  });
  return found.every((one) => one !== undefined) ? found : undefined;
}
