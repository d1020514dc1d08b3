const LOCALE = navigator.language;
/** Relative times and nouns are parts of sentences. */
const TEXTS_LOCALE = "en";
const compact = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(LOCALE, {
  style: "percent",
  signDisplay: "exceptZero",
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const portion = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 1 });
const exact = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 9 });
const signed = new Intl.NumberFormat(LOCALE, { signDisplay: "exceptZero" });
const signedScore = new Intl.NumberFormat(LOCALE, {
  signDisplay: "exceptZero",
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const integer = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const significant = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 6 });
const megabytes = new Intl.NumberFormat(LOCALE, { style: "unit", unit: "megabyte", maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(LOCALE, { timeStyle: "medium" });
const shortClock = new Intl.DateTimeFormat(LOCALE, { timeStyle: "short" });
const monthDay = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric" });
const dateTime = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const exactDateTime = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(TEXTS_LOCALE, { numeric: "always", style: "narrow" });
const immediate = new Intl.RelativeTimeFormat(TEXTS_LOCALE, { numeric: "auto", style: "narrow" });
const plurals = new Intl.PluralRules(TEXTS_LOCALE);
/** By the number of decimals. */
const decimals = Array.from(
  { length: 11 },
  (_, digits) => new Intl.NumberFormat(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);

/** Shown in place of a number or a time that is not known. */
export const NONE = "–";

/** A price with about five significant digits, and at least two decimals. */
export function price(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return decimals[Math.min(10, Math.max(2, 4 - magnitude))]!.format(value);
}

/** An amount of money with two decimals. */
export function money(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : decimals[2]!.format(value);
}

/** An amount in a currency such as SOL, with the decimals that it has. */
export function amount(value: number | string, currency: string): string {
  return `${exact.format(Number(value))}\u00a0${currency}`;
}

/** A share in per cent, with up to one decimal. */
export function share(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : portion.format(value / 100);
}

/** A quantity of a token with up to six significant digits. */
export function quantity(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : significant.format(value);
}

/** A large number in short, such as 1.2M. */
export function short(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : compact.format(value);
}

/** A change in per cent, with its sign. */
export function change(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : percent.format(value / 100);
}

/** A sentiment, or the sum of a trade, with two decimals and its sign. */
export function score(value: number): string {
  return signedScore.format(value);
}

/** An integer with its sign. */
export function delta(value: number): string {
  return signed.format(value);
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : integer.format(value);
}

/** A count and its noun, such as “1 member” or “1,200 members”. */
export function counted(value: number | null | undefined, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${plurals.select(value ?? 0) === "one" ? one : many}`;
}

/** A number with the given number of decimals, at most 10. */
export function decimal(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined ? NONE : decimals[digits]!.format(value);
}

/** An amount of memory, such as 96 MB. */
export function bytes(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : megabytes.format(value / 1e6);
}

/** The time of day. */
export function timeOfDay(ms: number): string {
  return clock.format(ms);
}

/** The time of day without seconds. */
export function hourAndMinute(ms: number): string {
  return shortClock.format(ms);
}

/** A date without the year. */
export function dayOfYear(ms: number): string {
  return monthDay.format(ms);
}

/** A date and a time. */
export function moment(ms: number): string {
  return dateTime.format(ms);
}

/** A date and a time with seconds. */
export function exactMoment(ms: number): string {
  return exactDateTime.format(ms);
}

/** The time between two moments as the largest unit, such as “5 min ago” or “in 2 h”. */
export function distance(fromMs: number, toMs: number): string {
  const seconds = Math.round((toMs - fromMs) / 1000);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / size), unit);
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** How long ago something was, such as “5 min ago”; “now” within a second, and if clocks differ a little. */
export function age(nowMs: number, thenMs: number): string {
  return nowMs - thenMs < 1000 ? immediate.format(0, "second") : distance(nowMs, thenMs);
}

/** The time that is left, such as 1:05:09, or 2 d 03:00:00; it is never negative. */
export function countdown(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24];
  const [minutes, rest] = [Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  if (days > 0) return `${days} d ${two(hours)}:${two(minutes)}:${two(rest)}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `up`, `down` or `flat`, for a colour beside the sign. */
export function direction(value: number | null | undefined): "up" | "down" | "flat" {
  return value === null || value === undefined || value === 0 ? "flat" : value > 0 ? "up" : "down";
}
